// Time that only the simulation moves: a clock, alarms, and things that happen later. All on one
// thread.

#ifndef HARK_TESTS_SIM_SIMULATED_TIME_H_
#define HARK_TESTS_SIM_SIMULATED_TIME_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"

namespace hark::sim {

class SimulatedTime final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return now_; }
  [[nodiscard]] WallTime WallNow() const override { return kStart + now_.time_since_epoch(); }

  using Key = std::pair<Instant, std::uint64_t>;
  using Happening = std::function<void()>;

  Key At(Instant when, Happening happening) {
    const Key key{std::max(when, now_), ++last_};
    happenings_.emplace(key, std::move(happening));
    return key;
  }
  Key After(Duration delay, Happening happening) { return At(now_ + delay, std::move(happening)); }
  void Forget(const Key& key) { happenings_.erase(key); }

  // Moves to the next happening, if it is not later than `until`, and lets it happen.
  bool Step(Instant until) {
    if (happenings_.empty() || happenings_.begin()->first.first > until) {
      now_ = std::max(now_, until);
      return false;
    }
    auto next = happenings_.extract(happenings_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
  }

 private:
  static constexpr WallTime kStart{std::chrono::hours(24 * 365 * 55)};
  Instant now_{std::chrono::hours(1)};
  std::uint64_t last_ = 0;
  std::map<Key, Happening> happenings_;
};

// The alarm of the engine, on that clock.
class SimulatedAlarm final : public Alarm {
 public:
  explicit SimulatedAlarm(SimulatedTime& time) : time_(time) {}
  ~SimulatedAlarm() override { Cancel(); }

  void Set(Clock::Instant at, std::function<void()> ring) override {
    Cancel();
    set_ = time_.At(at, [this, ring = std::move(ring)] {
      set_.reset();
      ring();
    });
  }
  void Cancel() override {
    if (set_) time_.Forget(*set_);
    set_.reset();
  }

 private:
  SimulatedTime& time_;
  std::optional<SimulatedTime::Key> set_;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_SIMULATED_TIME_H_
