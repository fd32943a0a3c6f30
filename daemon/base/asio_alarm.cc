#include "daemon/base/asio_alarm.h"

#include <utility>

#include <boost/system/error_code.hpp>

namespace hark {

AsioAlarm::AsioAlarm(const Executor& executor) : timer_(executor) {}

AsioAlarm::~AsioAlarm() {
  ++*current_;
}

void AsioAlarm::Set(Clock::Instant at, std::function<void()> ring) {
  Cancel();
  timer_.expires_at(at);
  timer_.async_wait([current = current_, mine = *current_,
                     ring = std::move(ring)](const boost::system::error_code& error) {
    if (!error && *current == mine) ring();
  });
}

void AsioAlarm::Cancel() {
  ++*current_;
  timer_.cancel();
}

}  // namespace hark
