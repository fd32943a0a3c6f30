#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "tools/backend/connection.h"
#include "tools/backend/http_connection.h"

namespace hark::backend {

void ServeTls(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls,
              ConnectionServices& services) {
  using Stream = beast::ssl_stream<beast::tcp_stream>;
  auto connection = std::make_shared<HttpConnection<Stream>>(
      Stream(beast::tcp_stream(std::move(socket)), tls), services);
  Stream& stream = connection->stream();
  beast::get_lowest_layer(stream).expires_after(kHelloTimeout);
  stream.async_handshake(boost::asio::ssl::stream_base::server,
                         [connection](beast::error_code failed) {
                           if (!failed) connection->Read();
                         });
}

}  // namespace hark::backend
