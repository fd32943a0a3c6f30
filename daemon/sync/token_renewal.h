// When the token is renewed: in band, early enough, one request at a time. Pure.

#ifndef HARK_DAEMON_SYNC_TOKEN_RENEWAL_H_
#define HARK_DAEMON_SYNC_TOKEN_RENEWAL_H_

#include <chrono>
#include <optional>

#include "daemon/base/clock.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// A token that lives shorter than this is renewed as soon as there is a connection.
inline constexpr std::chrono::hours kRenewBefore{24 * 7};

// Of one connection at a time. By the wall clock, which may be set: what is due is looked at anew
// after each step.
class TokenRenewal {
 public:
  // A connection is welcomed. `expires_at` absent: the token does not expire.
  void Begin(bool can_renew, std::optional<WallTime> expires_at);
  // It is over; what was asked on it is not answered any more.
  void End() { *this = TokenRenewal(); }

  // When the next request is due; absent: none is.
  [[nodiscard]] std::optional<WallTime> next() const { return next_; }
  [[nodiscard]] bool IsDue(WallTime now) const { return next_ && *next_ <= now; }

  void Asked(transport::RequestId request, WallTime now);
  // Whether a new token may come as the answer to this request; 0: by itself.
  [[nodiscard]] bool IsExpected(transport::RequestId request) const {
    return can_renew_ && (request == 0 || request == request_);
  }
  // The backend gave a new token.
  void Renewed(std::optional<WallTime> expires_at, WallTime now);
  // False: the refusal is of another request.
  bool Refused(const transport::Refused& refused, WallTime now);

 private:
  bool can_renew_ = false;
  std::optional<WallTime> next_;
  transport::RequestId request_ = 0;  // Not answered; 0: none.
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_TOKEN_RENEWAL_H_
