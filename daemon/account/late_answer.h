// A question of one thread to another that may come to it late. Which of the two comes first, who
// gives up or who begins to do it, is decided once: nothing is done any more for somebody who was
// told that nothing was changed.

#ifndef HARK_DAEMON_ACCOUNT_LATE_ANSWER_H_
#define HARK_DAEMON_ACCOUNT_LATE_ANSWER_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "daemon/base/result.h"

namespace hark::account {

// Shared by the two threads.
template <typename T>
class LateAnswer {
 public:
  // On the thread that answers, before it does what cannot be undone. False: nobody waits any more.
  [[nodiscard]] bool Take() {
    const std::lock_guard lock(mutex_);
    taken_ = !given_up_;
    return taken_;
  }
  // Once, after Take().
  void Give(Result<T> answer) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = std::move(answer);
    }
    given_.notify_all();
  }

  // Once, on the thread that asked. Nothing: it was not taken within `patience`, or before `stop`
  // was requested, and will not be. What was taken is waited for however long it takes.
  [[nodiscard]] std::optional<Result<T>> Wait(std::chrono::milliseconds patience,
                                              const std::stop_token& stop) {
    const auto is_there = [this] { return answer_.has_value(); };
    std::unique_lock lock(mutex_);
    given_.wait_for(lock, stop, patience, is_there);
    given_up_ = !taken_;
    if (given_up_) return std::nullopt;
    given_.wait(lock, is_there);
    return std::move(answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any given_;
  bool taken_ = false;
  bool given_up_ = false;
  std::optional<Result<T>> answer_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_LATE_ANSWER_H_
