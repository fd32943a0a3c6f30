// The token renewed in band, while everything else goes on.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class TokenRenewalTest : public MachineTest {
 protected:
  void ConnectWith(std::optional<WallTime> expires_at, bool can_renew = true) {
    Step(Connected{});
    transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
    welcome.can_renew = can_renew;
    welcome.token_expires_at = expires_at;
    Step(Received{std::move(welcome)});
    Settle();
  }

  // The requests that are made when the time is `later`.
  std::vector<transport::RenewToken> At(Clock::Duration later) {
    Pass(std::chrono::duration_cast<milliseconds>(later));
    Step(Received{transport::Pong{}});
    return TakeFrames<transport::RenewToken>();
  }

  void Renew(transport::RequestId request, WallTime expires_at) {
    Step(
        Received{transport::TokenRenewed{request, Secret(std::string("a-new-token")), expires_at}});
  }

  void Refuse(transport::RequestId request, transport::RefusedCode code, milliseconds after) {
    Step(Received{transport::Refused{request, code, "no", after}});
  }
};

TEST_F(TokenRenewalTest, ATokenThatIsNearItsEndIsRenewedAtOnceAndOnce) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(24));
  EXPECT_EQ(TakeFrames<transport::RenewToken>().size(), 1U);
  EXPECT_TRUE(At(seconds(30)).empty()) << "one is under way";
  EXPECT_EQ(Shown(), State::kLive);
}

TEST_F(TokenRenewalTest, ALongSessionRenewsAWeekBeforeTheEnd) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(24 * 30));
  EXPECT_TRUE(TakeFrames<transport::RenewToken>().empty());
  EXPECT_TRUE(At(hours(24 * 23) - seconds(1)).empty());
  const auto asked = At(seconds(2));
  ASSERT_EQ(asked.size(), 1U);
  Renew(asked[0].request, wall_ + hours(24 * 30));
  const auto saved = Take<SaveToken>();
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_EQ(saved[0].token.bytes(), "a-new-token");
  EXPECT_TRUE(At(hours(24 * 23) - seconds(1)).empty());
  EXPECT_EQ(At(seconds(2)).size(), 1U) << "again, when the new one is near its end";
}

TEST_F(TokenRenewalTest, ATokenOfAnHourIsRenewedAtHalfOfIt) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(1));
  const auto asked = TakeFrames<transport::RenewToken>();
  ASSERT_EQ(asked.size(), 1U);
  Renew(asked[0].request, wall_ + hours(1));
  EXPECT_TRUE(At(minutes(29)).empty());
  EXPECT_EQ(At(minutes(2)).size(), 1U);
}

TEST_F(TokenRenewalTest, WithoutTheFeatureOrAnEndThereIsNothingToDo) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(1), false);
  EXPECT_TRUE(At(minutes(59)).empty());
  Step(Disconnected{Error(ErrorCode::kOffline, "gone")});
  Pass(seconds(120));
  Step(TimerFired{});
  Settle();
  ConnectWith(std::nullopt);
  EXPECT_TRUE(At(hours(24 * 400)).empty());
}

TEST_F(TokenRenewalTest, ATokenThatNothingAnnouncedIsIgnored) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(1), false);
  Renew(0, wall_ + hours(24));
  EXPECT_TRUE(Take<SaveToken>().empty()) << "the backend cannot renew";
  Step(Disconnected{Error(ErrorCode::kOffline, "gone")});
  Pass(seconds(120));
  Step(TimerFired{});
  Settle();
  ConnectWith(wall_ + hours(24 * 30));
  Renew(77, wall_ + hours(24));
  EXPECT_TRUE(Take<SaveToken>().empty()) << "nobody has asked";
  Renew(0, wall_ + hours(24));
  EXPECT_EQ(Take<SaveToken>().size(), 1U) << "the backend may do it by itself";
}

TEST_F(TokenRenewalTest, ARefusalForNowIsAskedAgainLaterAndTheSessionGoesOn) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(1));
  const auto asked = TakeFrames<transport::RenewToken>();
  ASSERT_EQ(asked.size(), 1U);
  Refuse(asked[0].request, transport::RefusedCode::kRateLimited, milliseconds(90'000));
  EXPECT_TRUE(At(seconds(89)).empty());
  const auto again = At(seconds(2));
  ASSERT_EQ(again.size(), 1U);
  Refuse(again[0].request, transport::RefusedCode::kUnsupported, milliseconds(0));
  EXPECT_TRUE(At(minutes(50)).empty()) << "it does not want to";
  EXPECT_EQ(Shown(), State::kLive);
}

TEST_F(TokenRenewalTest, ABackendThatPutsItOffForTooLongIsAskedAfterAnHour) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(24));
  const auto asked = TakeFrames<transport::RenewToken>();
  ASSERT_EQ(asked.size(), 1U);
  Refuse(asked[0].request, transport::RefusedCode::kRateLimited, hours(24 * 49));
  EXPECT_EQ(At(minutes(60)).size(), 1U);
}

TEST_F(TokenRenewalTest, WithoutAnAnswerItIsAskedAgainAfterAMinuteAndOnTheNextConnection) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(wall_ + hours(1));
  ASSERT_EQ(TakeFrames<transport::RenewToken>().size(), 1U);
  EXPECT_TRUE(At(seconds(59)).empty());
  EXPECT_EQ(At(seconds(2)).size(), 1U);
  Step(Disconnected{Error(ErrorCode::kOffline, "gone")});
  Pass(seconds(120));
  Step(TimerFired{});
  Settle();
  ConnectWith(wall_ + minutes(30));
  EXPECT_EQ(TakeFrames<transport::RenewToken>().size(), 1U);
}

TEST_F(TokenRenewalTest, TheTimerRingsForItAndNeverTooLate) {
  Start(SyncCursor{"e1", 100});
  ConnectWith(WallTime(std::chrono::seconds(253'402'300'799)));  // 9999.
  ASSERT_TRUE(machine_.NextDeadline());
  EXPECT_LE(*machine_.NextDeadline(), mono_ + hours(24));
  EXPECT_TRUE(At(seconds(1)).empty());
}

}  // namespace
}  // namespace hark::sync
