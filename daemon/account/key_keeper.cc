#include "daemon/account/key_keeper.h"

#include <algorithm>

#include "daemon/base/limits.h"

namespace hark::account {

keys::KeyStatus KeyKeeper::Status() const {
  const std::lock_guard lock(mutex_);
  keys::KeyStatus status = status_;
  if (status.state == keys::KeyState::kReady && !store_trouble_.empty()) {
    status.state = keys::KeyState::kCorrupt;
    status.sentence = store_trouble_;
  }
  return status;
}

void KeyKeeper::SetStatus(const keys::KeyStatus& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

void KeyKeeper::SetStoreTrouble(const Error& error) {
  const std::lock_guard lock(mutex_);
  store_trouble_ = error.code == ErrorCode::kCorrupt ? error.message : std::string();
}

void KeyKeeper::ClearStoreTrouble() {
  const std::lock_guard lock(mutex_);
  store_trouble_.clear();
}

void KeyKeeper::LookLater(std::function<void()> look) {
  next_delay_ = std::clamp(2 * next_delay_, limits::kKeyRetryFirst, limits::kKeyRetryCap);
  alarm_->Set(clock_.Now() + next_delay_, std::move(look));
}

void KeyKeeper::StopLooking(bool settled) {
  alarm_->Cancel();
  if (settled) next_delay_ = std::chrono::milliseconds(0);
}

}  // namespace hark::account
