#include "daemon/base/asio_alarm.h"

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace hark {
namespace {

// Nothing here waits: an instant is either long past or not to come.
class AsioAlarmTest : public testing::Test {
 protected:
  void Set(Clock::Instant at, char name) {
    alarm_.Set(at, [this, name] { rung_ += name; });
  }
  std::string Rung() {
    io_.restart();
    io_.poll();
    return rung_;
  }

  static constexpr Clock::Instant kPast{std::chrono::milliseconds{1}};
  static constexpr Clock::Instant kLaterPast{std::chrono::milliseconds{2}};
  const Clock::Instant future_ = SystemClock().Now() + std::chrono::hours{1};
  boost::asio::io_context io_;
  AsioAlarm alarm_{io_.get_executor()};
  std::string rung_;
};

TEST_F(AsioAlarmTest, RingsOnceWhenItsTimeHasPassed) {
  Set(kPast, 'a');
  EXPECT_EQ(rung_, "") << "never from inside the call";
  EXPECT_EQ(Rung(), "a");
  EXPECT_EQ(Rung(), "a");
}

TEST_F(AsioAlarmTest, EarlierTimeTakesThePlaceOfALaterOne) {
  Set(future_, 'a');
  Set(kPast, 'b');
  EXPECT_EQ(Rung(), "b");
}

TEST_F(AsioAlarmTest, LaterTimeTakesThePlaceOfAnEarlierOne) {
  Set(kPast, 'a');
  Set(future_, 'b');
  EXPECT_EQ(Rung(), "") << "the timer went off too early, and waits on";
  Set(kPast, 'c');
  EXPECT_EQ(Rung(), "c");
}

TEST_F(AsioAlarmTest, TimeThatMovedAwayRingsWhenItComes) {
  Set(kPast, 'a');
  Set(kLaterPast, 'b');
  EXPECT_EQ(Rung(), "b");
}

TEST_F(AsioAlarmTest, CancelledCallIsNotMadeAlthoughItsTimerWentOff) {
  Set(kPast, 'a');
  alarm_.Cancel();
  EXPECT_EQ(Rung(), "");
  Set(kPast, 'b');
  EXPECT_EQ(Rung(), "b");
}

TEST_F(AsioAlarmTest, MayBeSetAgainFromItsOwnRing) {
  alarm_.Set(kPast, [this] { Set(kPast, 'b'); });
  EXPECT_EQ(Rung(), "b");
}

TEST_F(AsioAlarmTest, RingsNoMoreOnceItIsGone) {
  {
    AsioAlarm alarm(io_.get_executor());
    alarm.Set(kPast, [this] { rung_ += 'a'; });
  }
  EXPECT_EQ(Rung(), "");
}

}  // namespace
}  // namespace hark
