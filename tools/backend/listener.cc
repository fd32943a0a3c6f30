#include "tools/backend/listener.h"

#include <charconv>
#include <string>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <spdlog/spdlog.h>

#include "tools/backend/limits.h"

namespace hark::backend {

namespace asio = boost::asio;
using asio::ip::tcp;

Result<tcp::endpoint> ParseAddress(const std::string& text) {
  const auto bad =
      Fail(ErrorCode::kInvalid, "--listen takes a literal address and a port, like 127.0.0.1:8765");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad;
  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code failed;
  const auto address = asio::ip::make_address(host, failed);
  if (failed || address.is_v6() != bracketed) return bad;
  std::uint16_t port = 0;
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return bad;
  return tcp::endpoint(address, port);
}

Listener::Listener(asio::io_context& io, ConnectionServices& services, asio::ssl::context* tls)
    : acceptor_(io), pause_(io), services_(services), tls_(tls) {}

Result<tcp::endpoint> Listener::Open(const tcp::endpoint& address) {
  boost::system::error_code failed;
  acceptor_.open(address.protocol(), failed);
  // A restart does not wait for the connections of the last run to be forgotten.
  if (!failed) acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor_.bind(address, failed);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) {
    return Fail(ErrorCode::kUnavailable, "cannot listen on " + address.address().to_string() +
                                             " port " + std::to_string(address.port()) + ": " +
                                             failed.message());
  }
  return acceptor_.local_endpoint();
}

void Listener::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::Accept() {
  acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
    OnAccept(failed, std::move(socket));
  });
}

void Listener::OnAccept(boost::system::error_code failed, tcp::socket socket) {
  if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
  if (failed) {
    // Most likely out of descriptors; at once again would only burn time.
    spdlog::warn("accept failed reason=\"{}\"", failed.message());
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) Accept();
    });
    return;
  }
  // Above the limit the connection is closed by going out of scope: clients come back with their
  // backoff.
  if (services_.open_connections < kMaxConnections) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls_ != nullptr) {
      ServeTls(std::move(socket), *tls_, services_);
    } else {
      ServePlain(std::move(socket), services_);
    }
  }
  Accept();
}

}  // namespace hark::backend
