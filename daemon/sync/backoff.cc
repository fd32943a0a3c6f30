#include "daemon/sync/backoff.h"

#include <algorithm>

namespace hark::sync {

Backoff::Duration Backoff::Next(Duration at_least, Duration window) {
  constexpr int kMostDoublings = 20;  // keeps the shift defined; the cap is reached long before
  const Duration doubled = first_ * (std::int64_t{1} << std::min(attempts_, kMostDoublings));
  const Duration ceiling = std::max(window, std::min(cap_, doubled));
  ++attempts_;
  std::uniform_int_distribution<Duration::rep> jitter(
      0, std::max<Duration::rep>(ceiling.count() - 1, 0));
  return at_least + Duration(jitter(random_));
}

}  // namespace hark::sync
