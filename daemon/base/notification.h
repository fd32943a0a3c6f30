// The one way to wait inside a coroutine for something that another handler does.

#ifndef HARK_DAEMON_BASE_NOTIFICATION_H_
#define HARK_DAEMON_BASE_NOTIFICATION_H_

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/task.h"

namespace hark {

// Confined to one executor; one waiter at a time.
class Notification {
 public:
  explicit Notification(const Executor& executor) : timer_(executor) {
    timer_.expires_at(asio::steady_timer::time_point::max());
  }

  // Wakes the waiter, if there is one. Not remembered: the waiter re-checks its own condition.
  void Notify() { timer_.cancel(); }

  // Completes at the next Notify(). kCancelled when this coroutine has been cancelled, including
  // before the call: Asio delivers a cancellation once, so it must be looked for before waiting.
  Task<void> Wait() {
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() == asio::cancellation_type::none) {
      (void)co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    const auto after = co_await asio::this_coro::cancellation_state;
    if (after.cancelled() != asio::cancellation_type::none) {
      co_return Fail(ErrorCode::kCancelled, "cancelled while waiting");
    }
    co_return Result<void>{};
  }

 private:
  asio::steady_timer timer_;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_NOTIFICATION_H_
