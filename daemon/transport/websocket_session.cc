#include "daemon/transport/websocket_session.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/steady_timer.hpp>
#include <openssl/crypto.h>

#include "daemon/base/limits.h"
#include "daemon/transport/cancellation.h"
#include "daemon/transport/deadline.h"
#include "daemon/transport/frame_rate.h"

namespace hark::transport {
namespace {

// At least so long at a time: a timer for each frame would cost more than the frame.
constexpr std::chrono::milliseconds kPause{10};

std::size_t ContentBytes(const ClientFrame& frame) {
  if (const auto* append = std::get_if<Append>(&frame)) return append->message.content.size();
  if (const auto* edit = std::get_if<Edit>(&frame)) return edit->content.size();
  return 0;
}

}  // namespace

// What the calls work on. Its coroutines take a share of it first, since the session may go while
// they wait.
class WebsocketSession::Connection {
 public:
  using Ptr = std::shared_ptr<Connection>;

  Connection(std::unique_ptr<Stream> stream, Encoding encoding,
             std::chrono::milliseconds close_timeout)
      : stream_(std::move(stream)), encoding_(encoding), close_timeout_(close_timeout) {}

  static Task<void> Send(Ptr self, ClientFrame frame);
  static Task<ServerFrame> Receive(Ptr self);
  static asio::awaitable<void> Close(Ptr self);

  void Drop() {
    broken_ = true;
    stream_->Drop();  // So that the other direction ends too.
  }

 private:
  // These may throw: Asio throws at an await after a cancellation unless the coroutine's root
  // switched that off.
  static Task<void> Write(Ptr self, std::string bytes, bool has_secret);
  static Task<ServerFrame> Read(Ptr self);
  // Frames that come faster than limits::kFramesPerSecond stay in the socket for a while.
  static Task<void> WaitForTurn(Ptr self);
  static asio::awaitable<void> CloseInTime(Ptr self);

  // Passes `error` on; nothing works on this connection any more.
  tl::unexpected<Error> Break(Error error) {
    Drop();
    return tl::unexpected<Error>(std::move(error));
  }

  std::unique_ptr<Stream> stream_;
  Encoding encoding_;
  std::chrono::milliseconds close_timeout_;
  // What the backend accepts: ours until its Welcome says less.
  std::size_t send_limit_ = limits::kFrameBytes;
  std::size_t content_limit_ = limits::kContentBytes;
  FrameRate rate_{limits::kFramesAtOnce, limits::kFramesPerSecond};
  bool broken_ = false;
};

Task<void> WebsocketSession::Connection::Send(Ptr self, ClientFrame frame) {
  if (self->broken_) co_return Fail(ErrorCode::kOffline, "the connection is closed");
  if (ContentBytes(frame) > self->content_limit_) {
    co_return Fail(ErrorCode::kInvalidArgument, "the content is larger than the backend accepts");
  }
  Result<std::string> bytes = Encode(frame, self->encoding_);
  if (!bytes) co_return tl::unexpected(std::move(bytes).error());
  if (bytes->size() > self->send_limit_) {
    co_return Fail(ErrorCode::kInvalidArgument, "the frame is larger than the backend accepts");
  }
  bool has_secret = std::holds_alternative<Hello>(frame);
  try {
    Result<void> written = co_await Write(self, std::move(*bytes), has_secret);
    co_return written;
  } catch (const boost::system::system_error& error) {
    co_return self->Break(ThrownError(error.code()));
  } catch (const std::exception&) {
    co_return self->Break(Error(ErrorCode::kInternal, "sending a frame failed unexpectedly"));
  }
}

Task<void> WebsocketSession::Connection::Write(Ptr self, std::string bytes, bool has_secret) {
  // A secret stays out of the compressor, whose output's length tells of its input.
  Result<void> written = co_await self->stream_->Write(bytes, !has_secret);
  if (has_secret) OPENSSL_cleanse(bytes.data(), bytes.size());
  if (!written) co_return self->Break(std::move(written).error());
  co_return written;
}

Task<ServerFrame> WebsocketSession::Connection::Receive(Ptr self) {
  if (self->broken_) co_return Fail(ErrorCode::kOffline, "the connection is closed");
  try {
    Result<ServerFrame> frame = co_await Read(self);
    co_return frame;
  } catch (const boost::system::system_error& error) {
    co_return self->Break(ThrownError(error.code()));
  } catch (const std::exception&) {
    co_return self->Break(Error(ErrorCode::kInternal, "receiving a frame failed unexpectedly"));
  }
}

Task<void> WebsocketSession::Connection::WaitForTurn(Ptr self) {
  const auto excess = self->rate_.Excess(std::chrono::steady_clock::now());
  if (excess == FrameRate::Duration{0}) co_return Result<void>();
  Executor executor = co_await asio::this_coro::executor;
  asio::steady_timer turn(executor);
  turn.expires_after(std::max<FrameRate::Duration>(excess, kPause));
  (void)co_await turn.async_wait(kAsValues);
  asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return self->Break(Cancelled());
  co_return Result<void>();
}

Task<ServerFrame> WebsocketSession::Connection::Read(Ptr self) {
  Result<void> waited = co_await WaitForTurn(self);
  if (!waited) co_return tl::unexpected(std::move(waited).error());
  Result<std::string_view> bytes = co_await self->stream_->Read();
  if (!bytes) co_return self->Break(std::move(bytes).error());
  self->rate_.Count(std::chrono::steady_clock::now());
  Result<ServerFrame> frame = Decode(*bytes, self->encoding_);
  self->stream_->Consume();
  if (!frame) co_return self->Break(std::move(frame).error());
  if (const auto* welcome = std::get_if<Welcome>(&*frame)) {
    self->send_limit_ = std::min<std::size_t>(limits::kFrameBytes, welcome->limits.frame_bytes);
    self->content_limit_ =
        std::min<std::size_t>(limits::kContentBytes, welcome->limits.content_bytes);
  }
  co_return frame;
}

asio::awaitable<void> WebsocketSession::Connection::Close(Ptr self) {
  if (!self->broken_) {
    self->broken_ = true;
    try {
      co_await CloseInTime(self);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): cancelled; dropped below.
    }
  }
  self->Drop();
}

asio::awaitable<void> WebsocketSession::Connection::CloseInTime(Ptr self) {
  Executor executor = co_await asio::this_coro::executor;
  TimePoint end = std::chrono::steady_clock::now() + self->close_timeout_;
  Deadline deadline(executor, end, [self] { self->Drop(); });
  co_await self->stream_->Close();
}

WebsocketSession::WebsocketSession(std::unique_ptr<Stream> stream, Encoding encoding,
                                   std::chrono::milliseconds close_timeout)
    : connection_(std::make_shared<Connection>(std::move(stream), encoding, close_timeout)) {}

WebsocketSession::~WebsocketSession() {
  connection_->Drop();
}

// No coroutines themselves: those begin when awaited, and the session may be gone by then.
Task<void> WebsocketSession::Send(ClientFrame frame) {
  return Connection::Send(connection_, std::move(frame));
}
Task<ServerFrame> WebsocketSession::Receive() {
  return Connection::Receive(connection_);
}
asio::awaitable<void> WebsocketSession::Close() {
  return Connection::Close(connection_);
}

}  // namespace hark::transport
