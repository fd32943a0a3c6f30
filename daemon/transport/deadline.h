// A time limit on steps that have none of their own: when it passes, what they wait for is broken
// off.

#ifndef HARK_DAEMON_TRANSPORT_DEADLINE_H_
#define HARK_DAEMON_TRANSPORT_DEADLINE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "daemon/base/task.h"

namespace hark::transport {

using TimePoint = std::chrono::steady_clock::time_point;

// Calls `break_off` once, on the executor, unless destroyed before. Not thread-safe: lives on that
// executor.
class Deadline {
 public:
  Deadline(const Executor& executor, TimePoint at, std::function<void()> break_off)
      : state_(std::make_shared<State>(executor, std::move(break_off))) {
    state_->timer.expires_at(at);
    state_->timer.async_wait([state = state_](boost::system::error_code error) {
      if (error || !state->armed) return;
      state->passed = true;
      state->break_off();
    });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    state_->armed = false;  // A handler that is already queued does nothing.
    state_->timer.cancel();
  }

  [[nodiscard]] bool passed() const { return state_->passed; }

 private:
  struct State {
    State(const Executor& executor, std::function<void()> call)
        : timer(executor), break_off(std::move(call)) {}

    asio::steady_timer timer;
    std::function<void()> break_off;
    bool armed = true;
    bool passed = false;
  };

  std::shared_ptr<State> state_;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_DEADLINE_H_
