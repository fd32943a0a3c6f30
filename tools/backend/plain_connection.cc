#include "tools/backend/connection.h"
#include "tools/backend/http_connection.h"

namespace hark::backend {

void ServePlain(boost::asio::ip::tcp::socket socket, ConnectionServices& services) {
  std::make_shared<HttpConnection<beast::tcp_stream>>(beast::tcp_stream(std::move(socket)),
                                                      services)
      ->Read();
}

}  // namespace hark::backend
