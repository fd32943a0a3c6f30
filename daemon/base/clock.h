// A Clock is the only source of time. Production uses SystemClock; tests use FakeClock
// (tests/support), whose time moves only when the test says so. Waiting is not its job:
// base/timer.h does that from a deadline.

#ifndef HARK_DAEMON_BASE_CLOCK_H_
#define HARK_DAEMON_BASE_CLOCK_H_

#include <chrono>

namespace hark {

// A point of UTC time, in milliseconds; what messages are stamped with. May jump when the user sets
// the clock.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Thread-safe.
class Clock {
 public:
  using Duration = std::chrono::milliseconds;
  using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // Monotonic; for timeouts and backoff.
  [[nodiscard]] virtual Instant Now() const = 0;

  // For timestamps shown to people.
  [[nodiscard]] virtual WallTime WallNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  [[nodiscard]] WallTime WallNow() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_CLOCK_H_
