// Through a proxy to the backend: CONNECT, and its answer.

#ifndef HARK_DAEMON_TRANSPORT_PROXY_TUNNEL_H_
#define HARK_DAEMON_TRANSPORT_PROXY_TUNNEL_H_

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "daemon/base/task.h"
#include "daemon/transport/deadline.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/proxy.h"

namespace hark::transport {

// The request for a tunnel to the endpoint. Holds the proxy's password.
[[nodiscard]] Secret TunnelRequest(const Endpoint& endpoint, const Proxy& proxy,
                                   const std::string& user_agent);

// `socket` is connected to the proxy; afterwards to the backend. kOffline: the proxy refuses, does
// not answer until the deadline, or does not keep to HTTP (proxy_answer.h). kCancelled.
Task<asio::ip::tcp::socket> OpenTunnel(asio::ip::tcp::socket socket, Secret request,
                                       TimePoint deadline);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_PROXY_TUNNEL_H_
