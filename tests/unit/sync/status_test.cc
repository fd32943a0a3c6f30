#include "daemon/sync/status.h"

#include <vector>

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

Status Of(State state) {
  Status status;
  status.state = state;
  return status;
}

TEST(StatusBoard, TellsThePresentStatusFirstAndThenEachChangeOnce) {
  StatusBoard board;
  board.Set(Of(State::kConnecting));
  std::vector<State> seen;
  const auto subscription =
      board.Subscribe([&](const Status& status) { seen.push_back(status.state); });
  board.Set(Of(State::kLive));
  board.Set(Of(State::kLive));
  board.Set(Of(State::kOffline));
  EXPECT_EQ(seen, (std::vector{State::kConnecting, State::kLive, State::kOffline}));
}

TEST(StatusBoard, AListenerThatLeftIsNotCalled) {
  StatusBoard board;
  int calls = 0;
  auto subscription = board.Subscribe([&](const Status&) { ++calls; });
  subscription.reset();
  board.Set(Of(State::kLive));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace hark::sync
