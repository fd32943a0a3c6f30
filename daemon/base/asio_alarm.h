// The Alarm of the running program: a timer of Asio.

#ifndef HARK_DAEMON_BASE_ASIO_ALARM_H_
#define HARK_DAEMON_BASE_ASIO_ALARM_H_

#include <functional>
#include <memory>

#include "daemon/base/alarm.h"
#include "daemon/base/task.h"

namespace hark {

// For instants of SystemClock. A deadline that moves away, as with each frame that comes in, costs
// no call of the system: the timer goes off when it was to, and is set again then.
class AsioAlarm final : public Alarm {
 public:
  explicit AsioAlarm(const Executor& executor);
  ~AsioAlarm() override;

  void Set(Clock::Instant at, std::function<void()> ring) override;
  void Cancel() override;

 private:
  struct State;

  static void Wait(const std::shared_ptr<State>& state);

  // Lives on in a handler that may be on its way already when its timer is cancelled.
  std::shared_ptr<State> state_;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_ASIO_ALARM_H_
