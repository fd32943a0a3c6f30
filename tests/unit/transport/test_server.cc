#include "tests/unit/transport/test_server.h"

#include <exception>
#include <list>
#include <type_traits>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace hark::transport {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using TlsLayer = beast::ssl_stream<tcp::socket>;

// SSL_CTX_set_…_proto_version() without its C cast.
void SetProtocol(SSL_CTX* context, int command, long version) {
  (void)SSL_CTX_ctrl(context, command, version, nullptr);
}

template <typename Layer>
class WebsocketPeer final : public Peer {
 public:
  template <typename... LayerArguments>
  explicit WebsocketPeer(LayerArguments&&... layer)
      : websocket_(std::forward<LayerArguments>(layer)...) {}

  asio::awaitable<void> Accept(ServerOptions options) {
    co_await http::async_read(websocket_.next_layer(), buffer_, request_, asio::use_awaitable);
    websocket::permessage_deflate deflate;
    deflate.server_enable = options.deflate;
    websocket_.set_option(deflate);
    websocket_.set_option(websocket::stream_base::decorator(
        [subprotocol = options.subprotocol](websocket::response_type& response) {
          if (subprotocol.empty()) return;
          response.set(http::field::sec_websocket_protocol, subprotocol);
        }));
    co_await websocket_.async_accept(request_, asio::use_awaitable);
  }

  asio::awaitable<std::string> Read() override {
    buffer_.clear();
    co_await websocket_.async_read(buffer_, asio::use_awaitable);
    co_return beast::buffers_to_string(buffer_.data());
  }

  asio::awaitable<void> Write(std::string message, bool text) override {
    websocket_.text(text);
    auto bytes = asio::buffer(message);
    co_await websocket_.async_write(bytes, asio::use_awaitable);
  }

  asio::awaitable<void> WriteRaw(std::string bytes) override {
    auto buffer = asio::buffer(bytes);
    co_await asio::async_write(websocket_.next_layer(), buffer, asio::use_awaitable);
  }

  asio::awaitable<void> Close() override {
    websocket::close_reason reason(websocket::close_code::normal);
    co_await websocket_.async_close(reason, asio::use_awaitable);
  }

  [[nodiscard]] std::string RequestHeader(std::string name) const override {
    return std::string(request_[name]);
  }
  [[nodiscard]] std::string RequestTarget() const override {
    return std::string(request_.target());
  }

  [[nodiscard]] std::string ServerName() override {
    if constexpr (std::is_same_v<Layer, TlsLayer>) {
      const char* name = SSL_get_servername(layer().native_handle(), TLSEXT_NAMETYPE_host_name);
      return name == nullptr ? "" : name;
    }
    return "";
  }

  Layer& layer() { return websocket_.next_layer(); }

 private:
  websocket::stream<Layer> websocket_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
};

}  // namespace

asio::awaitable<void> WaitForEver() {
  Executor executor = co_await asio::this_coro::executor;
  asio::steady_timer forever(executor, asio::steady_timer::time_point::max());
  co_await forever.async_wait(asio::use_awaitable);
}

struct TestServer::State {
  explicit State(asio::io_context& io)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  // Everything may be gone or cancelled at any await after Stop(), which then throws.
  static asio::awaitable<void> Accept(std::shared_ptr<State> state) {
    while (true) {
      tcp::socket socket = co_await state->acceptor.async_accept(asio::use_awaitable);
      state->stops.emplace_back();
      auto slot = state->stops.back().slot();
      auto ended = asio::bind_cancellation_slot(slot, asio::detached);
      asio::co_spawn(state->acceptor.get_executor(), Serve(state, std::move(socket)), ended);
    }
  }

  static asio::awaitable<void> Serve(std::shared_ptr<State> state, tcp::socket socket) {
    if (state->raw_script) {
      co_await state->raw_script(socket);
    } else if (state->options.tls) {
      asio::ssl::context context(asio::ssl::context::tls_server);
      context.use_certificate_chain(asio::buffer(state->options.tls->certificate_pem));
      context.use_private_key(asio::buffer(state->options.tls->key_pem), asio::ssl::context::pem);
      if (state->options.old_tls) {
        SSL_CTX_set_security_level(context.native_handle(), 0);
        SetProtocol(context.native_handle(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_1_VERSION);
        SetProtocol(context.native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_1_VERSION);
      }
      WebsocketPeer<TlsLayer> peer(std::move(socket), context);
      co_await peer.layer().async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
      co_await peer.Accept(state->options);
      co_await state->script(peer);
    } else {
      WebsocketPeer<tcp::socket> peer(std::move(socket));
      co_await peer.Accept(state->options);
      co_await state->script(peer);
    }
  }

  tcp::acceptor acceptor;
  ServerOptions options;
  Script script;
  RawScript raw_script;
  std::list<asio::cancellation_signal> stops;
};

TestServer::TestServer(asio::io_context& io, ServerOptions options, Script script)
    : state_(std::make_shared<State>(io)) {
  state_->options = std::move(options);
  state_->script = std::move(script);
  asio::co_spawn(io, State::Accept(state_), asio::detached);
}

TestServer::TestServer(asio::io_context& io, RawScript script)
    : state_(std::make_shared<State>(io)) {
  state_->raw_script = std::move(script);
  asio::co_spawn(io, State::Accept(state_), asio::detached);
}

TestServer::~TestServer() {
  Stop();
}

std::uint16_t TestServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

void TestServer::Stop() {
  if (!state_->acceptor.is_open()) return;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  for (asio::cancellation_signal& stop : state_->stops) {
    stop.emit(asio::cancellation_type::terminal);
  }
  // The emission runs later, on the executor, and the signals have to live until then.
  asio::post(state_->acceptor.get_executor(), [state = state_] {});
}

}  // namespace hark::transport
