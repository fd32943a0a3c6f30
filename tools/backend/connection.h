#ifndef HARK_TOOLS_BACKEND_CONNECTION_H_
#define HARK_TOOLS_BACKEND_CONNECTION_H_

// One accepted TCP connection: HTTP requests until it becomes a WebSocket or ends. Plain and TLS
// are the same template in two translation units, since Beast takes half a minute to compile each.

#include <cstddef>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "tools/backend/http_api.h"
#include "tools/backend/session.h"

namespace hark::backend {

// What connections need; outlives them all.
struct ConnectionServices {
  const SessionServices& session;
  HttpApi& http;
  std::size_t open_connections = 0;
};

// The connection keeps itself alive until it ends.
void ServePlain(boost::asio::ip::tcp::socket socket, ConnectionServices& services);
void ServeTls(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls,
              ConnectionServices& services);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_CONNECTION_H_
