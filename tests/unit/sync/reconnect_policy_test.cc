#include "daemon/sync/reconnect_policy.h"

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ReconnectPolicyTest : public testing::Test {
 protected:
  ReconnectPolicyTest() { policy_.Start(now_); }

  void Attempt() {
    ASSERT_TRUE(policy_.next());
    now_ = std::max(now_, *policy_.next());
    policy_.Attempting(now_);
  }
  void Fail() {
    Attempt();
    policy_.Ended(now_, milliseconds(0));
  }
  // A session that lasted, and was lost.
  void Lose(milliseconds at_least = milliseconds(0)) {
    Attempt();
    policy_.Welcomed(now_);
    now_ += seconds(60);
    policy_.Ended(now_, at_least);
  }
  [[nodiscard]] milliseconds Wait() const { return *policy_.next() - now_; }

  Clock::Instant now_{seconds(1'000)};
  ReconnectPolicy policy_{7};
};

TEST_F(ReconnectPolicyTest, TheFirstAttemptAfterARestartOfTheBackendIsSpread) {
  milliseconds longest{0};
  for (int i = 0; i < 100; ++i) {
    Lose();
    EXPECT_LE(Wait(), limits::kReturnWindow);
    longest = std::max(longest, Wait());
  }
  EXPECT_GT(longest, limits::kReturnWindow / 2);
}

TEST_F(ReconnectPolicyTest, WhoeverUsedItJustNowDoesNotWaitForABlip) {
  for (int i = 0; i < 100; ++i) {
    Attempt();
    policy_.Welcomed(now_);
    now_ += seconds(60);
    policy_.UserActs(now_);
    policy_.Ended(now_, milliseconds(0));
    EXPECT_LE(Wait(), limits::kBackoffFirst);
  }
}

TEST_F(ReconnectPolicyTest, TheBackendsHintComesFirst) {
  Lose(seconds(30));
  EXPECT_GE(Wait(), seconds(30));
  EXPECT_LE(Wait(), seconds(30) + limits::kReturnWindow);
  policy_.UserActs(now_);
  policy_.WorldChanged(now_);
  EXPECT_GE(Wait(), seconds(30));
  policy_.UserAsks(now_);
  EXPECT_EQ(Wait(), milliseconds(0)) << "but not before somebody who insists";
}

TEST_F(ReconnectPolicyTest, ASessionThatEndsAtOnceIsNoReasonToComeBackFaster) {
  milliseconds longest{0};
  for (int i = 0; i < 30; ++i) {
    Attempt();
    policy_.Welcomed(now_);
    policy_.Ended(now_, milliseconds(0));
    longest = std::max(longest, Wait());
  }
  EXPECT_GT(longest, limits::kBackoffCap / 2);
}

TEST_F(ReconnectPolicyTest, ActionsOfTheUserCauseAnAttemptASecondAtMost) {
  for (int i = 0; i < 12; ++i) Fail();
  int attempts = 0;
  const Clock::Instant end = now_ + seconds(10);
  for (; now_ < end; now_ += milliseconds(10)) {
    policy_.UserActs(now_);
    if (!policy_.IsDue(now_)) continue;
    ++attempts;
    policy_.Attempting(now_);
    policy_.Ended(now_, milliseconds(0));
  }
  EXPECT_GE(attempts, 9);
  EXPECT_LE(attempts, 11);
}

TEST_F(ReconnectPolicyTest, AChangeOfTheNetworkEndsTheWaiting) {
  for (int i = 0; i < 12; ++i) Fail();
  policy_.WorldChanged(now_);
  EXPECT_LT(Wait(), milliseconds(300));
}

TEST_F(ReconnectPolicyTest, AStormOfNetworkEventsDoesNotDefeatTheBackoff) {
  for (int i = 0; i < 12; ++i) Fail();
  int attempts = 0;
  const Clock::Instant end = now_ + seconds(600);
  for (; now_ < end; now_ += milliseconds(10)) {
    policy_.WorldChanged(now_);
    if (!policy_.IsDue(now_)) continue;
    ++attempts;
    policy_.Attempting(now_);
    policy_.Ended(now_, milliseconds(0));
  }
  // The backoff alone makes about 20 in ten minutes; three and one each half minute come on top.
  EXPECT_LE(attempts, 60);
}

TEST_F(ReconnectPolicyTest, NothingIsDueWhileAnAttemptIsUnderWayOrAfterGivingUp) {
  Attempt();
  policy_.UserAsks(now_);
  policy_.WorldChanged(now_);
  EXPECT_FALSE(policy_.next());
  policy_.Ended(now_, milliseconds(0));
  policy_.GiveUp();
  policy_.UserActs(now_);
  EXPECT_FALSE(policy_.next());
}

}  // namespace
}  // namespace hark::sync
