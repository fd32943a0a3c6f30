#ifndef HARK_TOOLS_BACKEND_LISTENER_H_
#define HARK_TOOLS_BACKEND_LISTENER_H_

// The TCP port: parses its address, opens it and hands every accepted connection on, up to a number
// of them.

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tools/backend/connection.h"
#include "tools/backend/result.h"

namespace hark::backend {

// "127.0.0.1:8765" or "[::1]:8765". Only literal addresses: a name could resolve to more than was
// meant.
Result<boost::asio::ip::tcp::endpoint> ParseAddress(const std::string& text);

class Listener {
 public:
  // `tls` absent: plain. All outlive the listener.
  Listener(boost::asio::io_context& io, ConnectionServices& services,
           boost::asio::ssl::context* tls);

  // kUnavailable if the address cannot be listened on.
  Result<boost::asio::ip::tcp::endpoint> Open(const boost::asio::ip::tcp::endpoint& address);
  void Start() { Accept(); }
  void Stop();

 private:
  void Accept();
  void OnAccept(boost::system::error_code failed, boost::asio::ip::tcp::socket socket);

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  ConnectionServices& services_;
  boost::asio::ssl::context* tls_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_LISTENER_H_
