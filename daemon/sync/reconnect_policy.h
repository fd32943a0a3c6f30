// When the next attempt to connect is made. Pure.
//
// Between attempts: full jitter under a doubling ceiling (backoff.h). Two things shape it further:
//
// A backend that restarts drops everybody at once. With the first ceiling of 500 ms a thousand
// daemons would come back at 2,000 connects a second. So the first attempt after a session is
// spread over limits::kReturnWindow (5 s), unless somebody used the daemon within the last minute:
// for that person it stays at 500 ms, and whoever opens or sends something meanwhile causes an
// attempt at once. A backend's own hint comes first, and the jitter is added to it.
//
// The network changed, or the machine woke: an attempt at once is likely to succeed, but such
// events come in storms and say nothing about a backend that is down. Each takes a token of a small
// bucket, and none resets the backoff.

#ifndef HARK_DAEMON_SYNC_RECONNECT_POLICY_H_
#define HARK_DAEMON_SYNC_RECONNECT_POLICY_H_

#include <cstdint>
#include <optional>
#include <random>

#include "daemon/base/clock.h"
#include "daemon/sync/backoff.h"

namespace hark::sync {

class ReconnectPolicy {
 public:
  explicit ReconnectPolicy(std::uint64_t seed);

  // The first attempt is due.
  void Start(Clock::Instant now);
  // An attempt is under way: nothing is due until Ended().
  void Attempting(Clock::Instant now);
  // The backend has let us in.
  void Welcomed(Clock::Instant now);
  // The attempt failed or the session is over: the next one is due after the backoff, and not
  // sooner than `at_least`.
  void Ended(Clock::Instant now, Clock::Duration at_least);
  // No further attempt.
  void GiveUp() { next_.reset(); }

  // The user asked for it: now, whatever was said.
  void UserAsks(Clock::Instant now);
  // The user did something that wants a connection: now, at most once a second, and not against the
  // backend's hint.
  void UserActs(Clock::Instant now);
  // The network changed or the machine woke: soon, if there is a token left.
  void WorldChanged(Clock::Instant now);
  [[nodiscard]] bool MayWake(Clock::Instant now);

  // When the next attempt is due; absent: one is under way, or there will be none.
  [[nodiscard]] std::optional<Clock::Instant> next() const { return next_; }
  [[nodiscard]] bool IsDue(Clock::Instant now) const { return next_ && *next_ <= now; }

 private:
  void Refill(Clock::Instant now);
  void NotLaterThan(Clock::Instant at);

  Backoff backoff_;
  std::mt19937_64 random_;
  std::optional<Clock::Instant> next_;
  std::optional<Clock::Instant> last_attempt_;
  std::optional<Clock::Instant> welcomed_;
  std::optional<Clock::Instant> used_;  // By the user.
  Clock::Instant not_before_{};         // As the backend asked.
  int wakes_ = 0;                       // Tokens left.
  std::optional<Clock::Instant> refilled_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_RECONNECT_POLICY_H_
