// From a host name to an open TCP connection.

#ifndef HARK_DAEMON_TRANSPORT_CONNECT_H_
#define HARK_DAEMON_TRANSPORT_CONNECT_H_

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "daemon/base/task.h"
#include "daemon/transport/deadline.h"

namespace hark::transport {

// Who is connected to, for errors: trouble with a proxy is Trouble::kProxy.
enum class Hop : std::uint8_t { kBackend, kProxy };

// The addresses of the host, in the resolver's order. Never empty. An address needs no
// resolver, nor does localhost. kOffline; kCancelled at once even while the system's resolver,
// which cannot be interrupted, is still busy.
Task<std::vector<asio::ip::tcp::endpoint>> Resolve(std::string host, std::uint16_t port,
                                                   TimePoint deadline, Hop hop = Hop::kBackend);

// A connection to the first address that accepts one; each gets an equal share of the time that is
// left, so that one that never answers does not keep the others from being tried. kOffline,
// kCancelled.
Task<asio::ip::tcp::socket> ConnectToAny(std::vector<asio::ip::tcp::endpoint> addresses,
                                         TimePoint deadline, Hop hop = Hop::kBackend);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_CONNECT_H_
