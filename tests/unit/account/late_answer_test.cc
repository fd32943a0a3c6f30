#include "daemon/account/late_answer.h"

#include <thread>

#include <gtest/gtest.h>

namespace hark::account {
namespace {

constexpr std::chrono::hours kLong{1};

TEST(LateAnswer, IsGivenToWhoWaits) {
  LateAnswer<int> answer;
  std::thread other([&answer] {
    if (answer.Take()) answer.Give(7);
  });
  const auto got = answer.Wait(kLong, {});
  other.join();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(**got, 7);
}

TEST(LateAnswer, NothingIsDoneForWhoGaveUp) {
  LateAnswer<int> answer;
  EXPECT_FALSE(answer.Wait(std::chrono::milliseconds(0), {}));
  EXPECT_FALSE(answer.Take());
}

TEST(LateAnswer, WhatIsBeingDoneIsWaitedForHoweverLongItTakes) {
  LateAnswer<int> answer;
  ASSERT_TRUE(answer.Take());
  std::thread other([&answer] { answer.Give(Fail(ErrorCode::kLocked, "no")); });
  const auto got = answer.Wait(std::chrono::milliseconds(0), {});
  other.join();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, ErrorCode::kLocked);
}

// Regression: a daemon that was stopping waited for a thread that did not turn any more.
TEST(LateAnswer, WhoWaitsGivesUpWhenItStops) {
  LateAnswer<int> answer;
  std::stop_source stop;
  std::thread other([&stop] { stop.request_stop(); });
  EXPECT_FALSE(answer.Wait(kLong, stop.get_token()));
  other.join();
  EXPECT_FALSE(answer.Take());
}

}  // namespace
}  // namespace hark::account
