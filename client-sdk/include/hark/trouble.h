// Why there is no connection to the backend, for programs that can do something about it.

#ifndef HARK_CLIENT_TROUBLE_H_
#define HARK_CLIENT_TROUBLE_H_

#include <string_view>

namespace hark::client {

// What stands between the daemon and the backend, where `reason` says the same to a person.
enum class Trouble {
  kUnknown,                 // Or none.
  kLookup,                  // The backend's name, or the proxy's, has no address.
  kUnreachable,             // No connection, or it broke.
  kTimeout,                 // No answer in time.
  kProxy,                   // The proxy cannot be reached, refuses, or does not keep to HTTP.
  kTls,                     // No TLS there, or none that is new enough.
  kCertificateExpired,      // Or this machine's clock is wrong,
  kCertificateNotYetValid,  // as here.
  kCertificateHost,         // Of another host.
  kCertificateUntrusted,    // Of an authority that is not trusted, or forged.
  kPin,                     // Trusted, but the key is none of the pinned ones.
  kSettings,                // The URL, the certificates, the pins or the proxy cannot be used.
  kRefused,                 // The backend answered, and does not want this client now.
  kProtocol,                // What came is not the protocol.
  kFrameTooLarge,           // Of more than 1 MiB, after inflation.
  kFrameTooDeep,            // Nested deeper than 64.
  kTooFast,                 // More pings than anyone needs.
};

// Its stable word; empty for none.
[[nodiscard]] std::string_view ToString(Trouble value);

}  // namespace hark::client

#endif  // HARK_CLIENT_TROUBLE_H_
