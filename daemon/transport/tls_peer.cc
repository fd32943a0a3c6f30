#include "daemon/transport/tls_peer.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "daemon/base/task.h"
#include "daemon/transport/stream_error.h"

namespace hark::transport {
namespace {

// SSL_set_tlsext_host_name() without its C cast. OpenSSL copies the name.
bool SetServerName(SSL* connection, std::string name) {
  return SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  name.data()) == 1;
}

Trouble TroubleOf(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return Trouble::kCertificateExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return Trouble::kCertificateNotYetValid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return Trouble::kCertificateHost;
    default: return Trouble::kCertificateUntrusted;
  }
}

std::optional<KeyDigest> DigestOfKey(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return std::nullopt;
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
      der, [](unsigned char* bytes) { OPENSSL_free(bytes); });
  KeyDigest digest{};
  static_assert(sizeof(digest) == SHA256_DIGEST_LENGTH);
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  return digest;
}

}  // namespace

Result<void> ExpectPeer(SSL* connection, const std::string& host) {
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  SSL_set_hostflags(connection,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool expected =
      not_an_address
          ? SSL_set1_host(connection, host.c_str()) == 1 && SetServerName(connection, host)
          : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  if (expected) return {};
  return Fail(ErrorCode::kInvalidArgument, "the backend's URL names no valid host",
              Trouble::kSettings);
}

Error HandshakeError(SSL* connection, const boost::system::error_code& error) {
  const long verified = SSL_get_verify_result(connection);
  const bool is_plain =
      error.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER;
  if (is_plain)
    return Error(ErrorCode::kOffline, "the server at the backend's URL does not speak TLS",
                 Trouble::kTls);
  if (error == asio::ssl::error::stream_truncated)
    return Error(
        ErrorCode::kOffline,
        "the server at the backend's URL broke off before TLS was set up: it may not speak it",
        Trouble::kTls);
  if (verified == X509_V_OK) return StreamError(error, "setting up TLS");
  return Error(ErrorCode::kOffline,
               std::string("the backend's certificate is not trusted: ") +
                   X509_verify_cert_error_string(verified),
               TroubleOf(verified));
}

Result<void> CheckPins(SSL* connection, const Pins& pins) {
  if (pins.empty()) return {};
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(connection);
  std::string leaf = "none";
  for (int at = 0; chain != nullptr && at < sk_X509_num(chain); ++at) {
    const std::optional<KeyDigest> digest = DigestOfKey(sk_X509_value(chain, at));
    if (!digest) continue;
    if (std::ranges::find(pins, *digest) != pins.end()) return {};
    if (at == 0) leaf = PinText(*digest);
  }
  return Fail(ErrorCode::kOffline,
              "the backend's key is none of those that are pinned: it is " + leaf, Trouble::kPin);
}

}  // namespace hark::transport
