// What plain and TLS streams have in common. Includes all of Beast's WebSocket: only
// plain_stream.cc and tls_stream.cc include it.

#ifndef HARK_DAEMON_TRANSPORT_STREAM_TEMPLATE_H_
#define HARK_DAEMON_TRANSPORT_STREAM_TEMPLATE_H_

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <openssl/crypto.h>

#include "daemon/base/limits.h"
#include "daemon/transport/cancellation.h"
#include "daemon/transport/frame_rate.h"
#include "daemon/transport/refusal.h"
#include "daemon/transport/stream.h"
#include "daemon/transport/stream_error.h"

namespace hark::transport {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

// What a WebSocket runs on, closed at its end without waiting for the peer: Beast's own way reads
// until the peer closes, for ever if it does not, and also after a frame that broke the protocol.
template <typename Base>
class AbruptLayer : public Base {
 public:
  template <typename... Arguments>
  explicit AbruptLayer(Arguments&&... arguments) : Base(std::forward<Arguments>(arguments)...) {}
};

// Found and called by Beast under this name.
template <typename Base, typename Handler>
void async_teardown(beast::role_type, AbruptLayer<Base>& layer, Handler&& handler) {
  boost::system::error_code ignored;
  beast::get_lowest_layer(layer).close(ignored);
  asio::post(layer.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler),
                                                             boost::system::error_code()));
}

// `Base` is a socket, or TLS over one.
template <typename Base>
class BasicStream : public Stream {
 public:
  using Layer = AbruptLayer<Base>;

  template <typename... LayerArguments>
  explicit BasicStream(StreamOptions options, LayerArguments&&... layer)
      : options_(std::move(options)), websocket_(std::forward<LayerArguments>(layer)...) {
    Configure();
  }

  Task<void> Open() override {
    Result<void> secured = co_await Secure();
    if (!secured) co_return secured;
    co_return co_await Upgrade();
  }

  Task<void> Write(std::string_view message, bool deflate) override {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    websocket_.compress(deflate && options_.deflate);
    asio::const_buffer bytes = asio::buffer(message.data(), message.size());
    auto [error, written] = co_await websocket_.async_write(bytes, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (error) co_return tl::unexpected(StreamError(error, "sending a frame"));
    co_return Result<void>();
  }

  Task<std::string_view> Read() override {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    auto [error, size] = co_await websocket_.async_read(buffer_, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (too_fast_) co_return tl::unexpected(TooManyPings());
    if (error) co_return tl::unexpected(StreamError(error, "waiting for a frame"));
    if (websocket_.got_text() != options_.text) {
      co_return Fail(ErrorCode::kInvalidArgument,
                     "the backend sent a message of the wrong kind (text or binary)",
                     Trouble::kProtocol);
    }
    asio::const_buffer bytes = buffer_.cdata();
    co_return std::string_view(static_cast<const char*>(bytes.data()), bytes.size());
  }

  void Consume() override {
    asio::mutable_buffer bytes = buffer_.data();
    OPENSSL_cleanse(bytes.data(), bytes.size());
    buffer_.clear();
  }

  asio::awaitable<void> Close() override {
    websocket::close_reason reason(websocket::close_code::normal);
    (void)co_await websocket_.async_close(reason, kAsValues);
  }

  void Drop() override {
    boost::system::error_code ignored;
    beast::get_lowest_layer(websocket_).close(ignored);
  }

 protected:
  // Before the upgrade.
  virtual Task<void> Secure() = 0;

  [[nodiscard]] const StreamOptions& options() const { return options_; }
  [[nodiscard]] Layer& layer() { return websocket_.next_layer(); }

 private:
  static constexpr std::size_t kWriteBufferBytes = 65'536;
  // Below this, deflate costs more than it saves.
  static constexpr std::size_t kDeflateFrom = 256;

  void Configure() {
    websocket_.binary(!options_.text);
    websocket_.read_message_max(options_.message_bytes);
    websocket_.auto_fragment(false);
    websocket_.write_buffer_bytes(kWriteBufferBytes);
    websocket::permessage_deflate deflate;
    deflate.client_enable = options_.deflate;
    deflate.client_no_context_takeover = true;  // Frames share no window, so none tells of another.
    deflate.msg_size_threshold = kDeflateFrom;
    websocket_.set_option(deflate);
    websocket_.control_callback([this](websocket::frame_type, beast::string_view) {
      const auto now = std::chrono::steady_clock::now();
      control_frames_.Count(now);
      if (control_frames_.Excess(now) == FrameRate::Duration{0}) return;
      too_fast_ = true;
      Drop();
    });
    // No timers of Beast's: opening and closing are timed from outside, idleness is the business of
    // the sync engine.
    websocket_.set_option(websocket::stream_base::decorator(
        [subprotocol = options_.subprotocol,
         user_agent = options_.user_agent](websocket::request_type& request) {
          request.set(beast::http::field::sec_websocket_protocol, subprotocol);
          request.set(beast::http::field::user_agent, user_agent);
        }));
  }

  Task<void> Upgrade() {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    websocket::response_type response;
    auto [error] = co_await websocket_.async_handshake(response, options_.endpoint.host_header,
                                                       options_.endpoint.target, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (error == websocket::error::upgrade_declined) {
      beast::string_view retry_after = response[beast::http::field::retry_after];
      co_return tl::unexpected(
          RefusalError(response.result_int(), {retry_after.data(), retry_after.size()}));
    }
    if (error) co_return tl::unexpected(StreamError(error, "upgrading to WebSocket"));
    if (response[beast::http::field::sec_websocket_protocol] != options_.subprotocol) {
      co_return Fail(ErrorCode::kInvalidArgument,
                     "the server speaks WebSocket but not " + options_.subprotocol,
                     Trouble::kProtocol);
    }
    co_return Result<void>();
  }

  static Error TooManyPings() {
    return Error(ErrorCode::kInvalidArgument, "the backend sent too many pings", Trouble::kTooFast);
  }

  StreamOptions options_;
  websocket::stream<Layer> websocket_;
  FrameRate control_frames_{limits::kControlFramesAtOnce, limits::kControlFramesPerSecond};
  bool too_fast_ = false;
  beast::flat_buffer buffer_;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_STREAM_TEMPLATE_H_
