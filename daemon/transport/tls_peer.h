// Who is at the other end of a TLS connection: said before the handshake, judged after it.

#ifndef HARK_DAEMON_TRANSPORT_TLS_PEER_H_
#define HARK_DAEMON_TRANSPORT_TLS_PEER_H_

#include <string>

#include <boost/system/error_code.hpp>
#include <openssl/types.h>

#include "daemon/base/result.h"
#include "daemon/transport/pins.h"

namespace hark::transport {

// Before the handshake: the host is told to the server (SNI, names only), and its certificate has
// to be for it. kInvalidArgument: no possible host.
[[nodiscard]] Result<void> ExpectPeer(SSL* connection, const std::string& host);

// After a handshake that failed: what is wrong with the certificate, or with the connection. Always
// kOffline: the next network may be without the portal that forged it.
[[nodiscard]] Error HandshakeError(SSL* connection, const boost::system::error_code& error);

// After one that succeeded. One of the pins is the key of a certificate in the chain that was
// verified, or there are none. kOffline, with the pin of the key that the peer has.
[[nodiscard]] Result<void> CheckPins(SSL* connection, const Pins& pins);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_TLS_PEER_H_
