// Where a backend is: its URL, taken apart and checked.

#ifndef HARK_DAEMON_TRANSPORT_ENDPOINT_H_
#define HARK_DAEMON_TRANSPORT_ENDPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace boost::urls {
class url_view;  // NOLINT(readability-identifier-naming)
}  // namespace boost::urls

namespace hark::transport {

struct Endpoint {
  bool tls = true;
  std::string host;  // A name or an address; an IPv6 address without brackets.
  std::uint16_t port = 443;
  std::string target;       // Path and query, "/api/v1/sync" unless the URL has a path.
  std::string host_header;  // Host, with the port unless it is the scheme's own.

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "wss://host[:port][/path][?query]", or ws:// for a host on this machine: without TLS a token
// would travel readable. No user name or password (the token is sent inside) and no fragment.
// kInvalidArgument otherwise, with a sentence that holds nothing of the URL.
[[nodiscard]] Result<Endpoint> ParseEndpoint(std::string_view url);

// The host of a parsed URL, in lower case: a name of letters, digits, dots, hyphens and
// underscores, or an address, without brackets. kInvalidArgument otherwise.
[[nodiscard]] Result<std::string> HostOf(const boost::urls::url_view& url);

// The port of a parsed URL; `usual` where it names none, 0 where it is not one. (Boost.URL's own
// port_number() takes 65537 for 1.)
[[nodiscard]] std::uint16_t PortOf(const boost::urls::url_view& url, std::uint16_t usual);

// A loopback address or IsLocalhostName().
[[nodiscard]] bool IsThisMachine(const std::string& host);

[[nodiscard]] std::string LowerCase(std::string_view text);

// "localhost", "x.localhost": always this machine, whatever a resolver says (RFC 6761).
[[nodiscard]] bool IsLocalhostName(std::string_view host);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_ENDPOINT_H_
