// One wake-up call. Whoever waits for a deadline outside a coroutine holds an Alarm, so that a
// simulation can put one of its own in place of the clock's.

#ifndef HARK_DAEMON_BASE_ALARM_H_
#define HARK_DAEMON_BASE_ALARM_H_

#include <functional>

#include "daemon/base/clock.h"

namespace hark {

// Confined to one executor, on which it also rings.
class Alarm {
 public:
  Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  virtual ~Alarm() = default;  // Cancels.

  // Calls `ring` once, at `at` or soon after, in place of any call that was set before. A time that
  // has passed rings as soon as the executor comes to it, never from inside this call.
  virtual void Set(Clock::Instant at, std::function<void()> ring) = 0;

  // No call that was set before is made any more.
  virtual void Cancel() = 0;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_ALARM_H_
