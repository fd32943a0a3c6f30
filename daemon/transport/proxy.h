// The system's proxy settings, with the meaning that other programs give them: the variables
// https_proxy (or HTTPS_PROXY), else all_proxy (ALL_PROXY), and no_proxy (NO_PROXY) for what is
// reached directly.
//
// Only http:// proxies are used, and only for CONNECT: TLS runs through them to the backend, so
// that a proxy sees the backend's name and how much is said, and nothing else.

#ifndef HARK_DAEMON_TRANSPORT_PROXY_H_
#define HARK_DAEMON_TRANSPORT_PROXY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/transport/endpoint.h"

namespace hark::transport {

// As they were found, not checked yet.
struct ProxySettings {
  Secret url;              // It may hold a password. Empty: there is no proxy.
  std::string variable;    // Where it is from, for sentences.
  std::string exceptions;  // What is reached directly.
};

// `variable` gives the value of an environment variable, empty if it is not set. Lower case first:
// some servers let strangers set upper-case ones.
[[nodiscard]] ProxySettings ReadProxySettings(
    const std::function<std::string(const std::string&)>& variable);

struct Proxy {
  std::string host;
  std::uint16_t port = 80;
  Secret authorization;  // Of the header Proxy-Authorization; empty: none.
};

// "[http://][user[:password]@]host[:port][/]"; port 80 unless it is given. kInvalidArgument with a
// sentence that holds nothing of the URL.
[[nodiscard]] Result<Proxy> ParseProxy(std::string_view url);

// Whether the endpoint's host is among the exceptions: names, separated by commas or blanks, each
// for itself and what is below it, with or without a dot in front; addresses; networks
// (10.0.0.0/8); each with a port or for all; * for everything.
[[nodiscard]] bool IsExcepted(const Endpoint& endpoint, std::string_view exceptions);

// Absent: connect directly, as always to this machine. kInvalidArgument: the setting cannot be
// used, and going without it might be what it is there to prevent.
[[nodiscard]] Result<std::optional<Proxy>> ProxyFor(const ProxySettings& settings,
                                                    const Endpoint& endpoint);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_PROXY_H_
