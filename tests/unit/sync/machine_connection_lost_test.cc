// The store hears of every connection that ends: it alone knows what was on the way, or stored as
// if.

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

class MachineConnectionLostTest : public MachineTest {
 protected:
  void Drop() { Step(Disconnected{Error(ErrorCode::kOffline, "reset")}); }
  std::size_t Told() const { return CommittedOps<store::ConnectionLost>().size(); }
  void FailCommit() {
    const std::vector<CommitBatch> commits = Take<CommitBatch>();
    ASSERT_EQ(commits.size(), 1U);
    Step(CommitFailed{commits[0].number, Error(ErrorCode::kResourceExhausted, "the disk is full")});
  }
};

TEST_F(MachineConnectionLostTest, TheStoreIsToldAlsoIfNothingIsKnownToHaveLeft) {
  GoLive();
  Drop();
  Settle();
  EXPECT_EQ(Told(), 1U);
}

TEST_F(MachineConnectionLostTest, ASendHeardOfAfterwardsMayHaveBeenStoredAsLeaving) {
  GoLive();
  Drop();
  Settle();
  Step(SyncNowAsked{});  // On its way to the next one already.
  Settle();
  committed_.clear();
  Queue(1, "c");
  EXPECT_EQ(Told(), 0U) << "it leaves soon, if that one is made";
  Drop();
  Settle();
  EXPECT_EQ(Told(), 1U);
  Pass(milliseconds(10));
  Step(TimerFired{});
  Settle();
  EXPECT_EQ(Told(), 1U) << "once";
}

// Regression: the store had recorded it and could not announce it yet, and was told over and over.
TEST_F(MachineConnectionLostTest, TheStoreIsToldOnceForEachTimeThatTheOutboxIsHeardOf) {
  GoLive();
  Drop();
  Settle();
  const OutboxEntry entry = EntryOf(1, "c", Delivery::kSending);
  for (LocalRevision revision = 1; revision <= 2; ++revision) {
    Step(OutboxChanged{revision, {entry}, {}});
    const std::vector<CommitBatch> told = Take<CommitBatch>();
    ASSERT_EQ(told.size(), 1U);
    Step(Committed{told[0].number});
    EXPECT_TRUE(Take<CommitBatch>().empty()) << "news of what it did is still to come";
    Step(TimerFired{});
    EXPECT_TRUE(Take<CommitBatch>().empty());
  }
}

TEST_F(MachineConnectionLostTest, WhatCouldNotBeCommittedIsBeforeTheNextAttempt) {
  GoLive();
  Drop();
  // With the time of the last sync.
  while (CommittedOps<store::ConnectionLost>().empty()) {
    std::vector<CommitBatch> batches = Take<CommitBatch>();
    ASSERT_FALSE(batches.empty());
    for (CommitBatch& commit : batches) {
      committed_.push_back(std::move(commit.batch));
      if (Told() == 0) {
        Step(Committed{commit.number});
      } else {
        Step(CommitFailed{commit.number, Error(ErrorCode::kResourceExhausted, "the disk is full")});
      }
    }
  }
  committed_.clear();
  Settle();
  EXPECT_EQ(Told(), 0U) << "not over and over on a full disk";
  for (int attempt = 0; attempt < 2; ++attempt) {
    Step(SyncNowAsked{});
    EXPECT_TRUE(Take<OpenConnection>().empty());
    FailCommit();
  }
  Step(SyncNowAsked{});
  EXPECT_TRUE(Take<OpenConnection>().empty());
  Settle();
  EXPECT_EQ(Told(), 1U);
  EXPECT_FALSE(machine_.NextDeadline() && Take<OpenConnection>().empty());
}

// There is no next attempt; what is asked for is when there is room again.
TEST_F(MachineConnectionLostTest, WhatCouldNotBeCommittedWhenTheTokenWasRefusedIsOnceThereIsRoom) {
  GoLive();
  Step(Received{transport::Refused{0, transport::RefusedCode::kUnauthenticated, "No.", {}}});
  for (CommitBatch& commit : Take<CommitBatch>())
    Step(CommitFailed{commit.number, Error(ErrorCode::kResourceExhausted, "the disk is full")});
  Settle();
  ASSERT_EQ(Told(), 0U);
  Step(SyncNowAsked{});
  Settle();
  EXPECT_EQ(Told(), 1U);
  EXPECT_EQ(Shown(), State::kAuthRequired);
}

}  // namespace
}  // namespace hark::sync
