#include "daemon/sync/status.h"

#include <utility>

namespace hark::sync {

StatusBoard::Subscription::~Subscription() {
  const std::lock_guard lock(board_.mutex_);
  board_.listeners_.erase(key_);
}

Status StatusBoard::Current() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void StatusBoard::Set(Status status) {
  const std::lock_guard lock(mutex_);
  if (status == status_) return;
  status_ = std::move(status);
  for (const auto& [key, listener] : listeners_) listener(status_);
}

std::unique_ptr<StatusBoard::Subscription> StatusBoard::Subscribe(Listener listener) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t key = next_key_++;
  listener(status_);
  listeners_.emplace(key, std::move(listener));
  return std::make_unique<Subscription>(*this, key);
}

}  // namespace hark::sync
