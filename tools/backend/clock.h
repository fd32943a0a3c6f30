#ifndef HARK_TOOLS_BACKEND_CLOCK_H_
#define HARK_TOOLS_BACKEND_CLOCK_H_

// Time, injected, so that tests turn the hands themselves. `Now` is the calendar, for what is
// stored; `Steady` never goes back, for timeouts.

#include <chrono>

namespace hark::backend {

// Microseconds: what the archive keeps of every timestamp.
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyPoint = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint Now() const = 0;
  [[nodiscard]] virtual SteadyPoint Steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  [[nodiscard]] SteadyPoint Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_CLOCK_H_
