// Where a backend is: its URL, taken apart and checked.

#ifndef HARK_DAEMON_TRANSPORT_ENDPOINT_H_
#define HARK_DAEMON_TRANSPORT_ENDPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

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

// "localhost", "x.localhost": always this machine, whatever a resolver says (RFC 6761).
[[nodiscard]] bool IsLocalhostName(std::string_view host);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_ENDPOINT_H_
