// What stands between the daemon and its backend, for programs: where the sentence of an Error is
// for people, a UI or a diagnosis can tell by this what would help.

#ifndef HARK_DAEMON_BASE_TROUBLE_H_
#define HARK_DAEMON_BASE_TROUBLE_H_

#include <cstdint>

namespace hark {

// Adding one means adding it to hark/v1/sync.proto and the SDK; the compiler enforces the way there
// (no default label in ipc/convert_status.cc).
enum class Trouble : std::uint8_t {
  kNone,                    // Nothing, or nothing that concerns the connection.
  kLookup,                  // The name has no address.
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
  kFrameTooLarge,           // limits::kFrameBytes, after inflation.
  kFrameTooDeep,            // limits::kJsonDepth.
  kTooFast,                 // limits::kControlFramesPerSecond.
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_TROUBLE_H_
