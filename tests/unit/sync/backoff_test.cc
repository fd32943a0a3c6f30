#include "daemon/sync/backoff.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, StaysUnderADoublingCeilingAndTheCap) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Backoff backoff(milliseconds(500), milliseconds(60'000), seed);
    milliseconds ceiling(500);
    for (int attempt = 0; attempt < 100; ++attempt) {
      const milliseconds delay = backoff.Next();
      EXPECT_GE(delay, milliseconds(0));
      EXPECT_LT(delay, ceiling);
      ceiling = std::min(ceiling * 2, milliseconds(60'000));
    }
  }
}

TEST(Backoff, UsesTheWholeRange) {
  // Full jitter: with a fixed delay, or half of one, a thousand daemons would knock together.
  Backoff backoff(milliseconds(1'000), milliseconds(1'000), 7);
  int lowest_tenth = 0;
  int highest_tenth = 0;
  for (int i = 0; i < 1'000; ++i) {
    const milliseconds delay = backoff.Next();
    lowest_tenth += delay < milliseconds(100) ? 1 : 0;
    highest_tenth += delay >= milliseconds(900) ? 1 : 0;
  }
  EXPECT_GT(lowest_tenth, 60);
  EXPECT_GT(highest_tenth, 60);
}

TEST(Backoff, NeverSoonerThanTheBackendAsked) {
  Backoff backoff(milliseconds(500), milliseconds(60'000), 3);
  for (int i = 0; i < 50; ++i) EXPECT_GE(backoff.Next(milliseconds(5'000)), milliseconds(5'000));
}

TEST(Backoff, StartsAgainAfterReset) {
  Backoff backoff(milliseconds(500), milliseconds(60'000), 3);
  for (int i = 0; i < 20; ++i) (void)backoff.Next();
  backoff.Reset();
  EXPECT_LT(backoff.Next(), milliseconds(500));
}

}  // namespace
}  // namespace hark::sync
