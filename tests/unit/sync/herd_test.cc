// A thousand daemons and one backend that goes down: how many connects a second it has to bear.
//
// "Uniform" is what the same attempts would be if they were spread evenly: a daemon at the cap of
// the backoff waits 30 s on average (full jitter under 60 s), so 1,000 of them make 33 attempts a
// second. Right after a restart it is one attempt each within limits::kReturnWindow.

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/sync/machine.h"

namespace hark::sync {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kDaemons = 1'000;

class Herd {
 public:
  explicit Herd(std::uint64_t seed) {
    for (int i = 0; i < kDaemons; ++i) {
      machines_.emplace_back(MachineOptions{UserId("ada"), seed + static_cast<std::uint64_t>(i)});
      Feed(i, Started{{SyncCursor{"e", 1}, std::nullopt, true}, {}, 0});
    }
  }

  // Lets the time pass; attempts fail at once while `up` is false.
  void Run(milliseconds time, bool up) {
    up_ = up;
    const Clock::Instant end = now_ + time;
    while (!due_.empty() && due_.begin()->first <= end) {
      now_ = std::max(now_, due_.begin()->first);
      const int daemon = due_.begin()->second;
      const Clock::Instant at = due_.begin()->first;
      due_.erase(due_.begin());
      if (deadlines_[static_cast<std::size_t>(daemon)] == at) Feed(daemon, TimerFired{});
    }
    now_ = end;
  }

  // Everybody's connection ends.
  void Drop() {
    up_ = false;
    for (int i = 0; i < kDaemons; ++i) Feed(i, Disconnected{Error(ErrorCode::kOffline, "reset")});
  }

  [[nodiscard]] int ConnectedNow() const { return connected_; }
  // The most attempts in any whole second since the last call.
  int TakePeak() {
    int peak = 0;
    for (const auto& [second, count] : attempts_) peak = std::max(peak, count);
    attempts_.clear();
    return peak;
  }

 private:
  void Feed(int daemon, Input input) {
    Machine& machine = machines_[static_cast<std::size_t>(daemon)];
    const WallTime wall(now_.time_since_epoch());
    std::vector<Input> next;
    next.push_back(std::move(input));
    while (!next.empty()) {
      Input one = std::move(next.front());
      next.erase(next.begin());
      const bool lost = std::holds_alternative<Disconnected>(one) && machine.Established();
      for (const Action& action : machine.Step(std::move(one), Moment{now_, wall}))
        Answer(action, next);
      if (lost) --connected_;
    }
    std::optional<Clock::Instant>& deadline = deadlines_[static_cast<std::size_t>(daemon)];
    deadline = machine.NextDeadline();
    if (deadline) due_.emplace(*deadline, daemon);
  }

  void Answer(const Action& action, std::vector<Input>& next) {
    if (const auto* commit = std::get_if<CommitBatch>(&action))
      next.emplace_back(Committed{commit->number});
    if (std::holds_alternative<LoadOutbox>(action)) next.emplace_back(OutboxLoaded{});
    if (std::holds_alternative<LoadPlan>(action)) next.emplace_back(PlanLoaded{});
    if (const auto* send = std::get_if<SendFrame>(&action)) {
      if (std::holds_alternative<transport::Ping>(send->frame))
        next.emplace_back(Received{transport::Pong{1}});
    }
    if (!std::holds_alternative<OpenConnection>(action)) return;
    ++attempts_[std::chrono::floor<seconds>(now_.time_since_epoch()).count()];
    if (!up_) {
      next.emplace_back(Disconnected{Error(ErrorCode::kOffline, "refused")});
      return;
    }
    ++connected_;
    transport::Welcome welcome;
    welcome.user = UserId("ada");
    welcome.resume = transport::Resume::kOk;
    welcome.cursor = {"e", 1};
    next.emplace_back(Connected{});
    next.emplace_back(Received{std::move(welcome)});
  }

  std::deque<Machine> machines_;
  std::vector<std::optional<Clock::Instant>> deadlines_ =
      std::vector<std::optional<Clock::Instant>>(kDaemons);
  std::multimap<Clock::Instant, int> due_;
  std::map<std::int64_t, int> attempts_;
  Clock::Instant now_{seconds(1'000'000)};
  bool up_ = true;
  int connected_ = 0;
};

TEST(Herd, AfterAnOutageThePeakStaysUnderTwiceTheUniformRate) {
  for (const std::uint64_t seed : {1'000U, 2'000U, 3'000U}) {
    SCOPED_TRACE(seed);
    Herd herd(seed);
    herd.Run(seconds(60), true);
    ASSERT_EQ(herd.ConnectedNow(), kDaemons);
    herd.Drop();
    herd.Run(minutes(10), false);
    (void)herd.TakePeak();
    herd.Run(minutes(2), true);
    EXPECT_EQ(herd.ConnectedNow(), kDaemons);
    constexpr int kUniform = kDaemons / 30;
    const int peak = herd.TakePeak();
    EXPECT_LT(peak, 2 * kUniform);
    RecordProperty("peak", peak);
  }
}

TEST(Herd, ARestartThatDropsEverybodyIsNoFloodEither) {
  Herd herd(4'000);
  herd.Run(seconds(60), true);
  (void)herd.TakePeak();
  herd.Drop();
  herd.Run(seconds(10), true);
  EXPECT_EQ(herd.ConnectedNow(), kDaemons);
  constexpr int kUniform = kDaemons / 5;
  EXPECT_LT(herd.TakePeak(), 2 * kUniform);
}

}  // namespace
}  // namespace hark::sync
