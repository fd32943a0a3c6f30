// What the thread of a view waits for: steps that others hand to it, in order, and the time.

#ifndef HARK_CLIENT_SDK_SRC_VIEW_QUEUE_H_
#define HARK_CLIENT_SDK_SRC_VIEW_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace hark::client {

// Thread-safe. `Step` is run by the one thread that takes it.
class ViewQueue {
 public:
  using Step = std::function<void()>;

  // Waits while kSteps are in it: the watch's thread then reads no further, and the daemon's bound
  // of the stream decides. False, and the step is dropped: the queue is closed.
  bool Push(Step step) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || steps_.size() < kSteps; });
    if (closed_) return false;
    steps_.push_back(std::move(step));
    changed_.notify_all();
    return true;
  }
  // What the user wants; waits for nothing.
  void PushUrgent(Step step) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    steps_.push_back(std::move(step));
    changed_.notify_all();
  }

  // The next step. Absent: the time is over, or the queue is closed. Without a time, waits for
  // ever.
  std::optional<Step> Take(std::optional<std::chrono::milliseconds> time) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || !steps_.empty(); };
    if (time) {
      changed_.wait_for(lock, *time, ready);
    } else {
      changed_.wait(lock, ready);
    }
    if (closed_ || steps_.empty()) return std::nullopt;
    Step step = std::move(steps_.front());
    steps_.pop_front();
    changed_.notify_all();
    return step;
  }

  // Ends all waiting, for good.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    steps_.clear();
    changed_.notify_all();
  }
  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  static constexpr std::size_t kSteps = 64;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> steps_;  // Guarded by mutex_.
  bool closed_ = false;     // Guarded by mutex_.
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_VIEW_QUEUE_H_
