#include "daemon/sync/answer_watch.h"

#include <chrono>

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

using std::chrono::seconds;

constexpr Clock::Instant kStart{seconds(1'000)};

Clock::Instant At(int second) {
  return kStart + seconds(second);
}

TEST(AnswerWatchTest, NothingIsLateWhileNothingIsWaitedFor) {
  AnswerWatch watch;
  EXPECT_FALSE(watch.Deadline());
  watch.Asked(1, At(0));
  watch.Answered(1, At(1));
  EXPECT_FALSE(watch.Deadline());
  watch.Asked(2, At(100));
  EXPECT_EQ(watch.Deadline(), At(160));
  watch.Clear();
  EXPECT_FALSE(watch.Deadline());
}

TEST(AnswerWatchTest, ABackendThatAnswersInOrderMayTakeLongForAll) {
  AnswerWatch watch;
  for (transport::RequestId request = 1; request <= 80; ++request) watch.Asked(request, At(0));
  for (int request = 1; request < 80; ++request) {
    watch.Answered(static_cast<transport::RequestId>(request), At(50 * request));
    ASSERT_EQ(watch.Deadline(), At(50 * request + 60));
  }
}

TEST(AnswerWatchTest, WhatWasPassedOverIsLateAMinuteAfterThatWhateverElseIsAnswered) {
  AnswerWatch watch;
  watch.Asked(1, At(0));
  watch.Asked(2, At(0));
  watch.Asked(3, At(1));
  watch.Answered(2, At(50));
  EXPECT_EQ(watch.Deadline(), At(110));
  watch.Answered(3, At(70));
  EXPECT_EQ(watch.Deadline(), At(110));
  watch.Asked(4, At(80));
  watch.Answered(4, At(100));
  EXPECT_EQ(watch.Deadline(), At(110));
  watch.Answered(1, At(109));
  EXPECT_FALSE(watch.Deadline());
}

TEST(AnswerWatchTest, TheRestOfWhatWasPassedOverCountsFromItsOwnTime) {
  AnswerWatch watch;
  for (transport::RequestId request = 1; request <= 4; ++request) watch.Asked(request, At(0));
  watch.Answered(2, At(10));
  watch.Answered(4, At(30));
  EXPECT_EQ(watch.Deadline(), At(70)) << "the first";
  watch.Answered(1, At(40));
  EXPECT_EQ(watch.Deadline(), At(90)) << "the third";
}

TEST(AnswerWatchTest, WhatWasNotAskedOrIsAnsweredAgainIsNoSignOfLife) {
  AnswerWatch watch;
  watch.Asked(1, At(0));
  watch.Answered(1, At(1));
  watch.Asked(2, At(2));
  watch.Answered(1, At(50));
  watch.Answered(7, At(50));
  watch.Answered(0, At(50));
  EXPECT_EQ(watch.Deadline(), At(62));
}

TEST(AnswerWatchTest, WhatDidNotLeaveIsNeitherWaitedForNorAnswered) {
  AnswerWatch watch;
  watch.Asked(1, At(0));
  watch.Asked(2, At(5));
  watch.Forget(2);
  EXPECT_EQ(watch.Deadline(), At(60));
  watch.Forget(1);
  EXPECT_FALSE(watch.Deadline());
}

}  // namespace
}  // namespace hark::sync
