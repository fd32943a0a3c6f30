// The Alarm of the running program: a timer of Asio.

#ifndef HARK_DAEMON_BASE_ASIO_ALARM_H_
#define HARK_DAEMON_BASE_ASIO_ALARM_H_

#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "daemon/base/alarm.h"
#include "daemon/base/task.h"

namespace hark {

// For instants of SystemClock.
class AsioAlarm final : public Alarm {
 public:
  explicit AsioAlarm(const Executor& executor);
  ~AsioAlarm() override;

  void Set(Clock::Instant at, std::function<void()> ring) override;
  void Cancel() override;

 private:
  asio::steady_timer timer_;
  // A handler may already be on its way when its timer is cancelled: it looks here first.
  std::shared_ptr<std::uint64_t> current_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_ASIO_ALARM_H_
