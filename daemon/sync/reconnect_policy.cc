#include "daemon/sync/reconnect_policy.h"

#include <algorithm>
#include <chrono>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

// A session shorter than this proves nothing: the ceiling goes on doubling, so that a backend that
// lets everybody in and falls over is left in peace.
constexpr std::chrono::seconds kProven{10};
// How long after its last use the daemon counts as used.
constexpr std::chrono::minutes kInUse{1};
constexpr std::chrono::seconds kBetweenActs{1};
// Attempts that the world may cause at once, and how fast they come back.
constexpr int kWakes = 3;
constexpr std::chrono::seconds kWakeRefill{30};
// The first sign of a network comes before its address and route. Also spreads those who share it.
constexpr std::chrono::milliseconds kWakeJitter{300};

}  // namespace

ReconnectPolicy::ReconnectPolicy(std::uint64_t seed)
    : backoff_(limits::kBackoffFirst, limits::kBackoffCap, seed), random_(~seed), wakes_(kWakes) {}

void ReconnectPolicy::Start(Clock::Instant now) {
  next_ = now;
}

void ReconnectPolicy::Attempting(Clock::Instant now) {
  next_.reset();
  last_attempt_ = now;
  welcomed_.reset();
}

void ReconnectPolicy::Welcomed(Clock::Instant now) {
  welcomed_ = now;
}

void ReconnectPolicy::Ended(Clock::Instant now, Clock::Duration at_least) {
  Clock::Duration window{0};
  if (welcomed_) {
    if (now - *welcomed_ >= kProven) backoff_.Reset();
    const bool in_use = used_ && now - *used_ < kInUse;
    if (!in_use) window = limits::kReturnWindow;
  }
  welcomed_.reset();
  not_before_ = now + at_least;
  next_ = now + backoff_.Next(at_least, window);
}

void ReconnectPolicy::NotLaterThan(Clock::Instant at) {
  if (next_) next_ = std::min(*next_, at);
}

void ReconnectPolicy::UserAsks(Clock::Instant now) {
  used_ = now;
  if (next_) backoff_.Reset();
  NotLaterThan(now);
}

void ReconnectPolicy::UserActs(Clock::Instant now) {
  used_ = now;
  Clock::Instant at = std::max(now, not_before_);
  if (last_attempt_) at = std::max<Clock::Instant>(at, *last_attempt_ + kBetweenActs);
  NotLaterThan(at);
}

void ReconnectPolicy::Refill(Clock::Instant now) {
  if (wakes_ == kWakes || !refilled_) refilled_ = now;
  while (wakes_ < kWakes && now - *refilled_ >= kWakeRefill) {
    ++wakes_;
    *refilled_ += kWakeRefill;
  }
}

bool ReconnectPolicy::MayWake(Clock::Instant now) {
  Refill(now);
  return wakes_ > 0;
}

void ReconnectPolicy::WorldChanged(Clock::Instant now) {
  if (!next_ || !MayWake(now)) return;
  const std::chrono::milliseconds jitter(random_() %
                                         static_cast<std::uint64_t>(kWakeJitter.count()));
  const Clock::Instant at = std::max(now + jitter, not_before_);
  if (at >= *next_) return;
  --wakes_;
  next_ = at;
}

}  // namespace hark::sync
