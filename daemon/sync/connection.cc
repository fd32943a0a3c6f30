#include "daemon/sync/connection.h"

#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"

namespace hark::sync {

Connection::Connection(Executor executor, std::shared_ptr<transport::Backend> backend,
                       Handlers handlers)
    : executor_(executor),
      backend_(std::move(backend)),
      handlers_(std::move(handlers)),
      outgoing_changed_(executor),
      hold_changed_(executor) {}

void Connection::Start() {
  auto ended = [self = shared_from_this()](const std::exception_ptr& thrown) {
    if (thrown) self->Fail(Error(ErrorCode::kInternal, "the connection ended with an exception"));
  };
  asio::co_spawn(executor_, Run(), asio::bind_cancellation_slot(stop_.slot(), std::move(ended)));
}

bool Connection::Send(transport::ClientFrame frame) {
  if (outgoing_.size() >= limits::kOutgoingFrames) return false;
  outgoing_.push_back(std::move(frame));
  outgoing_changed_.Notify();
  return true;
}

void Connection::Hold(bool hold) {
  if (held_ == hold) return;
  held_ = hold;
  if (!hold) hold_changed_.Notify();
}

void Connection::Stop() {
  if (stopped_) return;
  stopped_ = true;
  stop_.emit(asio::cancellation_type::terminal);
  // Asio may deliver that by a handler of the executor, which refers to stop_: it has to live until
  // after that one.
  asio::post(executor_, [self = shared_from_this()]() {});
}

void Connection::Fail(Error error) {
  if (stopped_) return;
  stopped_ = true;
  handlers_.disconnected(std::move(error));
}

asio::awaitable<void> Connection::Run() {
  using asio::experimental::awaitable_operators::operator||;
  const auto self = shared_from_this();
  co_await asio::this_coro::throw_if_cancelled(false);
  Result<std::unique_ptr<transport::Session>> session = co_await backend_->Connect();
  if (stopped_) co_return;
  if (!session) {
    Fail(std::move(session.error()));
    co_return;
  }
  session_ = std::move(*session);
  handlers_.connected();
  auto both = ReadLoop() || WriteLoop();
  co_await std::move(both);
  co_await session_->Close();
}

asio::awaitable<void> Connection::ReadLoop() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopped_) {
    if (held_) {
      const Result<void> woken = co_await hold_changed_.Wait();
      if (!woken) co_return;
      continue;
    }
    Result<transport::ServerFrame> frame = co_await session_->Receive();
    if (stopped_) co_return;
    if (!frame) {
      Fail(std::move(frame.error()));
      co_return;
    }
    handlers_.received(std::move(*frame));
  }
}

asio::awaitable<void> Connection::WriteLoop() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopped_) {
    if (outgoing_.empty()) {
      const Result<void> woken = co_await outgoing_changed_.Wait();
      if (!woken) co_return;
      continue;
    }
    transport::ClientFrame frame = std::move(outgoing_.front());
    outgoing_.pop_front();
    const transport::RequestId request = transport::RequestOf(frame);
    const Result<void> sent = co_await session_->Send(std::move(frame));
    if (stopped_) co_return;
    if (!sent && sent.error().code == ErrorCode::kInvalidArgument) {
      log::Warning("frame_not_sent", {{"why", sent.error()}});
      // Nobody waits for the others, and they are small under every limit that a backend may set.
      if (request != 0) handlers_.not_sent(request);
    } else if (!sent) {
      Fail(sent.error());
      co_return;
    }
  }
}

}  // namespace hark::sync
