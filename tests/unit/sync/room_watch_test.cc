#include "daemon/sync/room_watch.h"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/fake_time.h"

namespace hark::sync {
namespace {

class RoomWatchTest : public testing::Test {
 protected:
  RoomWatchTest() {
    auto alarm = std::make_unique<test::FakeAlarm>(time_);
    alarm_ = alarm.get();
    watch_ = std::make_unique<RoomWatch>(
        time_, std::move(alarm),
        [this](std::function<void(bool)> answer) {
          ++looks_;
          answer_ = std::move(answer);
        },
        [this] { ++came_back_; });
  }

  void Answer(bool has_room) {
    ASSERT_TRUE(answer_) << "it does not look";
    std::exchange(answer_, nullptr)(has_room);
  }
  void WaitForTheNextLook() {
    ASSERT_TRUE(alarm_->at());
    EXPECT_LE(*alarm_->at() - time_.Now(), std::chrono::seconds(5));
    time_.Advance(*alarm_->at() - time_.Now());
    ASSERT_TRUE(alarm_->RingIfDue());
  }

  test::FakeTime time_;
  test::FakeAlarm* alarm_ = nullptr;
  std::unique_ptr<RoomWatch> watch_;
  std::function<void(bool)> answer_;
  int looks_ = 0;
  int came_back_ = 0;
};

TEST_F(RoomWatchTest, SaysOnceThatRoomCameBackWithinFiveSeconds) {
  watch_->WriteRefused();
  for (int i = 0; i < 3; ++i) {
    Answer(false);
    WaitForTheNextLook();
  }
  EXPECT_EQ(came_back_, 0);
  Answer(true);
  EXPECT_EQ(came_back_, 1);
  EXPECT_FALSE(alarm_->at());
}

TEST_F(RoomWatchTest, ARefusalWithRoomIsForTheBackoff) {
  watch_->WriteRefused();
  Answer(true);
  EXPECT_EQ(came_back_, 0);
  EXPECT_FALSE(alarm_->at());
}

TEST_F(RoomWatchTest, LooksOnceHoweverManyWritesAreRefused) {
  watch_->WriteRefused();
  watch_->WriteRefused();
  EXPECT_EQ(looks_, 1);
  Answer(false);
  watch_->WriteRefused();
  EXPECT_EQ(looks_, 1);
}

TEST_F(RoomWatchTest, LooksAgainAfterItsRoomWasUsedUp) {
  for (int i = 1; i <= 2; ++i) {
    watch_->WriteRefused();
    Answer(false);
    WaitForTheNextLook();
    Answer(true);
    EXPECT_EQ(came_back_, i);
  }
}

TEST_F(RoomWatchTest, SaysNothingAfterStop) {
  watch_->WriteRefused();
  Answer(false);
  WaitForTheNextLook();
  watch_->Stop();
  Answer(true);
  EXPECT_EQ(came_back_, 0);
  EXPECT_FALSE(alarm_->at());
}

}  // namespace
}  // namespace hark::sync
