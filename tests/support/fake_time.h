// Time that moves only when the test says so, or when it is looked at.

#ifndef HARK_TESTS_SUPPORT_FAKE_TIME_H_
#define HARK_TESTS_SUPPORT_FAKE_TIME_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"

namespace hark::test {

// Not thread-safe.
class FakeTime final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return now_; }
  [[nodiscard]] WallTime WallNow() const override {
    return WallTime(std::chrono::hours(24 * 365 * 55)) + now_.time_since_epoch();
  }
  void Advance(Duration by) { now_ += by; }

 private:
  Instant now_{std::chrono::hours(1)};
};

// A millisecond later each time that it is looked at, so that a seed does the same each time.
// Thread-safe.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant(Duration(++looks_)); }
  [[nodiscard]] WallTime WallNow() const override {
    return WallTime(std::chrono::years(50)) + Duration(++looks_);
  }
  void Advance(Duration by) { looks_ += by.count(); }

 private:
  mutable std::atomic<std::int64_t> looks_ = 0;
};

// Rings when the test asks it to and the time has come.
class FakeAlarm final : public Alarm {
 public:
  explicit FakeAlarm(const FakeTime& time) : time_(time) {}

  void Set(Clock::Instant at, std::function<void()> ring) override {
    at_ = at;
    ring_ = std::move(ring);
  }
  void Cancel() override { at_.reset(); }

  // When it is due; absent: it is not set.
  [[nodiscard]] std::optional<Clock::Instant> at() const { return at_; }
  // False: it is not due.
  bool RingIfDue() {
    if (!at_ || *at_ > time_.Now()) return false;
    at_.reset();
    std::exchange(ring_, nullptr)();
    return true;
  }

 private:
  const FakeTime& time_;
  std::optional<Clock::Instant> at_;
  std::function<void()> ring_;
};

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_FAKE_TIME_H_
