#include "daemon/base/asio_alarm.h"

#include <cstdint>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

namespace hark {

struct AsioAlarm::State {
  explicit State(const Executor& executor) : timer(executor) {}

  asio::steady_timer timer;
  std::function<void()> ring;  // Null: nothing is set.
  Clock::Instant at{};         // For which the timer may go off too early, never too late.
  std::uint64_t wait = 0;      // The one that counts; of those before, a handler may still come.
  bool waits = false;
};

AsioAlarm::AsioAlarm(const Executor& executor) : state_(std::make_shared<State>(executor)) {}

AsioAlarm::~AsioAlarm() {
  Cancel();
}

void AsioAlarm::Set(Clock::Instant at, std::function<void()> ring) {
  state_->ring = std::move(ring);
  state_->at = at;
  if (!state_->waits || at < state_->timer.expiry()) Wait(state_);
}

void AsioAlarm::Cancel() {
  ++state_->wait;
  state_->waits = false;
  state_->ring = nullptr;
  state_->timer.cancel();
}

void AsioAlarm::Wait(const std::shared_ptr<State>& state) {
  state->timer.expires_at(state->at);
  state->waits = true;
  state->timer.async_wait([state, mine = ++state->wait](const boost::system::error_code& error) {
    if (error || mine != state->wait) return;
    state->waits = false;
    if (state->timer.expiry() < state->at) {
      Wait(state);
    } else {
      std::exchange(state->ring, nullptr)();
    }
  });
}

}  // namespace hark
