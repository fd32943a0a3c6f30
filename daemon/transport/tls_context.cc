#include "daemon/transport/tls_context.h"

#include <utility>

namespace hark::transport {

namespace ssl = boost::asio::ssl;

Result<ssl::context> MakeTlsContext(const std::string& ca_file) {
  ssl::context context(ssl::context::tls_client);
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
    return Fail(ErrorCode::kInternal, "OpenSSL does not know TLS 1.2");
  }
  boost::system::error_code error;
  context.set_verify_mode(ssl::verify_peer, error);
  if (error) return Fail(ErrorCode::kInternal, "OpenSSL does not verify: " + error.message());
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file, error);
  }
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "the file of trusted certificates cannot be used: " + error.message(),
                Trouble::kSettings);
  }
  return context;
}

}  // namespace hark::transport
