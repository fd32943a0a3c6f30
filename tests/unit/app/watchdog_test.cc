#include "daemon/app/watchdog.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/fake_time.h"

namespace hark::app {
namespace {

using ::hark::test::FakeAlarm;
using ::hark::test::FakeTime;
using Part = ProgressGate::Part;
using std::chrono::microseconds;
using std::chrono::seconds;

TEST(ProgressGate, OpensOnlyWhenBothHaveTurnedSinceTheLastTime) {
  ProgressGate gate;
  EXPECT_FALSE(gate.Turned(Part::kEventLoop));
  EXPECT_FALSE(gate.Turned(Part::kEventLoop));
  EXPECT_TRUE(gate.Turned(Part::kWriter));
  EXPECT_FALSE(gate.Turned(Part::kWriter));
  EXPECT_FALSE(gate.Turned(Part::kWriter));
  EXPECT_TRUE(gate.Turned(Part::kEventLoop));
}

// A watchdog of 40 s with a writer that answers when the test says so.
class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest()
      : watchdog_(std::make_unique<Watchdog>(
            time_, Alarm(), seconds(40),
            [this](std::function<void()> turned) { waiting_.push_back(std::move(turned)); },
            [this] { ++feeds_; })) {}

  void Answer() {
    for (const auto& turned : std::exchange(waiting_, {})) turned();
  }

  void LoopTurns() {
    time_.Advance(seconds(10));
    ASSERT_TRUE(alarm_->RingIfDue());
  }

  FakeTime time_;
  FakeAlarm* alarm_ = nullptr;
  std::vector<std::function<void()>> waiting_;
  int feeds_ = 0;
  std::unique_ptr<Watchdog> watchdog_;

 private:
  std::unique_ptr<FakeAlarm> Alarm() {
    auto alarm = std::make_unique<FakeAlarm>(time_);
    alarm_ = alarm.get();
    return alarm;
  }
};

TEST_F(WatchdogTest, IsFedFourTimesInItsTimeWhileBothTurn) {
  Answer();
  EXPECT_EQ(feeds_, 1);
  for (int i = 0; i < 4; ++i) {
    LoopTurns();
    Answer();
  }
  EXPECT_EQ(feeds_, 5);
}

TEST_F(WatchdogTest, IsNotFedWhileTheWriterHangsNorIsTheWriterAskedTwice) {
  Answer();
  for (int i = 0; i < 20; ++i) LoopTurns();
  EXPECT_EQ(feeds_, 1);
  EXPECT_EQ(waiting_.size(), 1U);
  Answer();
  EXPECT_EQ(feeds_, 2);
}

TEST_F(WatchdogTest, IsNotFedWhileTheLoopHangs) {
  Answer();
  time_.Advance(seconds(1'000));
  EXPECT_EQ(feeds_, 1);
}

TEST_F(WatchdogTest, AnAnswerAfterItsEndIsIgnored) {
  watchdog_.reset();
  Answer();
  EXPECT_EQ(feeds_, 0);
}

Environment With(const std::string& time, const std::string& process) {
  Environment environment;
  environment.variables["WATCHDOG_USEC"] = time;
  if (!process.empty()) environment.variables["WATCHDOG_PID"] = process;
  return environment;
}

TEST(WatchdogTime, IsReadFromTheEnvironment) {
  EXPECT_EQ(WatchdogTime(With("40000000", std::to_string(::getpid()))), seconds(40));
  EXPECT_EQ(WatchdogTime(With("1", "")), microseconds(1));
}

TEST(WatchdogTime, IsNothingForOthersAndForNonsense) {
  EXPECT_EQ(WatchdogTime(Environment()), std::nullopt);
  EXPECT_EQ(WatchdogTime(With("40000000", "1")), std::nullopt);
  for (const char* text : {"", "0", "-1", "4s", "99999999999999999999"})
    EXPECT_EQ(WatchdogTime(With(text, "")), std::nullopt) << text;
}

}  // namespace
}  // namespace hark::app
