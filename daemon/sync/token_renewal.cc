#include "daemon/sync/token_renewal.h"

#include <algorithm>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

// A request may get lost in a backend; and one that cannot answer now is asked again.
constexpr std::chrono::minutes kAskAgain{1};

}  // namespace

void TokenRenewal::Begin(bool can_renew, std::optional<WallTime> expires_at) {
  *this = TokenRenewal();
  can_renew_ = can_renew;
  if (can_renew && expires_at) next_ = *expires_at - kRenewBefore;
}

void TokenRenewal::Asked(transport::RequestId request, WallTime now) {
  request_ = request;
  next_ = now + kAskAgain;
}

void TokenRenewal::Renewed(std::optional<WallTime> expires_at, WallTime now) {
  request_ = 0;
  next_.reset();
  if (!expires_at) return;
  // One that lives shorter than kRenewBefore from the beginning is not renewed over and over.
  const WallTime half = now + std::max((*expires_at - now) / 2, Clock::Duration(kAskAgain));
  next_ = std::max<WallTime>(*expires_at - kRenewBefore, half);
}

bool TokenRenewal::Refused(const transport::Refused& refused, WallTime now) {
  if (request_ == 0 || refused.request != request_) return false;
  request_ = 0;
  next_.reset();
  // A backend that does not want to is not asked again on this connection.
  if (transport::IsTransient(refused.code))
    next_ =
        now + std::clamp<Clock::Duration>(refused.retry_after, kAskAgain, limits::kRetryAfterMost);
  return true;
}

}  // namespace hark::sync
