#include <string>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "daemon/transport/stream.h"
#include "daemon/transport/stream_template.h"
#include "daemon/transport/tls_context.h"

namespace hark::transport {
namespace {

namespace ssl = asio::ssl;
using TlsLayer = beast::ssl_stream<asio::ip::tcp::socket>;

class TlsStream final : public BasicStream<TlsLayer> {
 public:
  TlsStream(StreamOptions options, asio::ip::tcp::socket socket, ssl::context& context)
      : BasicStream(std::move(options), std::move(socket), context) {}

 protected:
  Task<void> Secure() override {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    Result<void> named = NamePeer();
    if (!named) co_return named;
    auto [error] = co_await layer().async_handshake(ssl::stream_base::client, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (error) co_return tl::unexpected(HandshakeError(error));
    co_return Result<void>();
  }

 private:
  // Whom we mean to talk to: told to the server (SNI, names only) and checked in its certificate.
  Result<void> NamePeer() {
    const std::string& host = options().endpoint.host;
    boost::system::error_code error;
    layer().set_verify_callback(ssl::host_name_verification(host), error);
    if (error) return Fail(ErrorCode::kInternal, "OpenSSL cannot check the backend's name");
    asio::ip::make_address(host, error);
    bool is_name = static_cast<bool>(error);
    if (is_name && !SetServerName(host)) {
      return Fail(ErrorCode::kInvalidArgument, "the backend's URL names no valid host");
    }
    return {};
  }

  // SSL_set_tlsext_host_name() without its C cast. OpenSSL copies the name.
  bool SetServerName(std::string name) {
    return SSL_ctrl(layer().native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                    TLSEXT_NAMETYPE_host_name, name.data()) == 1;
  }

  // A wrong certificate is kOffline: the next network may be without the portal that forged it.
  Error HandshakeError(const boost::system::error_code& error) {
    long verified = SSL_get_verify_result(layer().native_handle());
    if (verified == X509_V_OK) return StreamError(error, "setting up TLS");
    return Error(ErrorCode::kOffline, std::string("the backend's certificate is not trusted: ") +
                                          X509_verify_cert_error_string(verified));
  }
};

}  // namespace

Result<std::unique_ptr<Stream>> MakeTlsStream(asio::ip::tcp::socket socket, StreamOptions options,
                                              const std::string& ca_file) {
  Result<ssl::context> context = MakeTlsContext(ca_file);
  if (!context) return tl::unexpected(std::move(context).error());
  // The stream keeps OpenSSL's side of the context alive by itself.
  return std::make_unique<TlsStream>(std::move(options), std::move(socket), *context);
}

}  // namespace hark::transport
