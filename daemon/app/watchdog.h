// Feeds systemd's watchdog from real progress: only when the event loop and the store's writer have
// both turned since the last feed. A daemon of which either hangs is ended and started again, and
// its outbox goes on where it was.

#ifndef HARK_DAEMON_APP_WATCHDOG_H_
#define HARK_DAEMON_APP_WATCHDOG_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/app/paths.h"
#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"

namespace hark::app {

// The decision alone. Pure.
class ProgressGate {
 public:
  enum class Part : std::uint8_t { kEventLoop, kWriter };

  // `part` has turned. True: by this, each part has turned since the last time that this was true
  // (or since the beginning): feed now.
  [[nodiscard]] bool Turned(Part part);

 private:
  std::array<bool, 2> turned_{};
};

// What the service manager asks for: at least one feed in this time (WATCHDOG_USEC, WATCHDOG_PID).
// Nothing: it does not, or means another process, or the variables make no sense.
[[nodiscard]] std::optional<std::chrono::microseconds> WatchdogTime(const Environment& environment);

// Confined to the I/O thread, the event loop that it watches. `clock` outlives it.
class Watchdog {
 public:
  // Has the writer do nothing for once, after what it does now. `turned` is called on the I/O
  // thread when it did, or at once when there is none to wait for.
  using AskWriter = std::function<void(std::function<void()> turned)>;

  // Asks both four times in `time`, and calls `feed` when both have turned. The writer is not asked
  // again before it has answered.
  Watchdog(Clock& clock, std::unique_ptr<Alarm> alarm, std::chrono::microseconds time,
           AskWriter ask_writer, std::function<void()> feed);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  void Turn();
  void Count(ProgressGate::Part part);

  Clock& clock_;
  const std::unique_ptr<Alarm> alarm_;
  const Clock::Duration pause_;
  const AskWriter ask_writer_;
  const std::function<void()> feed_;
  ProgressGate gate_;
  bool asked_ = false;
  // An answer of the writer may come after the end.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_WATCHDOG_H_
