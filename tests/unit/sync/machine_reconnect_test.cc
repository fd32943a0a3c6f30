// How the machine finds dead connections, and where it takes the stream up again.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

class MachineReconnectTest : public MachineTest {};

TEST_F(MachineReconnectTest, AChangeOfTheNetworkChecksALiveConnectionSoon) {
  GoLive();
  Step(WorldChanged{});
  Step(WorldChanged{});
  EXPECT_EQ(TakeFrames<transport::Ping>().size(), 1U);
  Pass(milliseconds(3'000));
  Step(TimerFired{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U) << "long before the heartbeat";
}

TEST_F(MachineReconnectTest, AConnectionThatAnswersIsKept) {
  GoLive();
  Step(WorldChanged{});
  Pass(milliseconds(2'999));
  Step(Received{transport::Pong{1}});
  Pass(milliseconds(100));
  Step(TimerFired{});
  EXPECT_TRUE(Take<CloseConnection>().empty());
}

TEST_F(MachineReconnectTest, AStormOfEventsIsOnePingASecond) {
  GoLive();
  for (int i = 0; i < 500; ++i) {
    Step(WorldChanged{});
    Step(Received{transport::Pong{1}});
    Pass(milliseconds(10));
  }
  EXPECT_LE(TakeFrames<transport::Ping>().size(), 6U);
}

// Regression: it was told, and not honoured.
TEST_F(MachineReconnectTest, AServerThatAsksForTimeBeforeTheWelcomeIsLeftInPeaceSoLong) {
  Start(SyncCursor{"e1", 100});
  (void)Take<OpenConnection>();
  Error busy(ErrorCode::kOffline, "too many requests");
  busy.retry_after = milliseconds(30'000);
  Step(Disconnected{busy});
  Settle();
  Pass(milliseconds(29'000));
  Step(TimerFired{});
  EXPECT_TRUE(Take<OpenConnection>().empty());
  Pass(milliseconds(2'000));
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

TEST_F(MachineReconnectTest, NoServerKeepsUsAwayForMoreThanAnHour) {
  Start(SyncCursor{"e1", 100});
  (void)Take<OpenConnection>();
  Error busy(ErrorCode::kOffline, "too many requests");
  busy.retry_after = std::chrono::hours(24 * 365);
  Step(Disconnected{busy});
  Settle();
  Pass(milliseconds(3'700'000));
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

TEST_F(MachineReconnectTest, AChangeOfTheNetworkEndsTheWaiting) {
  Start(SyncCursor{"e1", 100});
  for (int i = 0; i < 10; ++i) {
    Step(Disconnected{Error(ErrorCode::kOffline, "no route")});
    Settle();
    Pass(milliseconds(60'000));
    Step(TimerFired{});
  }
  Step(Disconnected{Error(ErrorCode::kOffline, "no route")});
  Settle();
  (void)Take<OpenConnection>();
  Step(WorldChanged{});
  Pass(milliseconds(300));
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

// Without anybody who asks for it, and each within the cap.
TEST_F(MachineReconnectTest, ReconnectingDoesNotEndAfterFiveTries) {
  Start(SyncCursor{"e1", 100});
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(Take<OpenConnection>().size(), 1U) << "after " << i << " tries";
    Step(Disconnected{Error(ErrorCode::kOffline, "no route")});
    Settle();
    ASSERT_EQ(Shown(), State::kOffline);
    ASSERT_TRUE(shown_.next_attempt_at) << "after " << i << " tries";
    Pass(limits::kBackoffCap);
    Step(TimerFired{});
  }
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(Shown(), State::kLive);
}

TEST_F(MachineReconnectTest, AnAttemptOnTheOldNetworkIsMadeAgain) {
  Start(SyncCursor{"e1", 100});
  ASSERT_EQ(Take<OpenConnection>().size(), 1U);
  Pass(milliseconds(5'000));
  Step(WorldChanged{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  Settle();
  Pass(milliseconds(300));
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

TEST_F(MachineReconnectTest, OpeningAConversationWhileWaitingTriesAtOnce) {
  GoLive();
  Pass(milliseconds(1'000));
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  Pass(milliseconds(1));
  Step(Opened{ConversationId("c")});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

// ---- Where it takes up the stream. ----

TEST_F(MachineReconnectTest, ABackendRestoredFromAnOldCopyUnderItsOldEpochIsReconciled) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  // It claims to resume at 100, and its log ends at 40: it will give 41 to 100 out anew.
  Step(Received{Welcome(transport::Resume::kOk, 40)});
  Settle();
  EXPECT_EQ(CommittedOps<store::BeginReconcile>().size(), 1U);
  (void)Take<SendHello>();
  Step(SyncNowAsked{});
  Step(Connected{});
  EXPECT_FALSE(Take<SendHello>().at(0).cursor) << "so it is asked for everything";
  Step(Received{Welcome(transport::Resume::kNoCursor, 40)});
  Settle();
  EXPECT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
  Step(Received{ChangesOf(40, 41, {MessageOf("x", 9)})});
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplyMessage>().size(), 1U);
}

TEST_F(MachineReconnectTest, AWelcomeThatLeavesTheCursorOutIsTakenAtItsWord) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 0);
  welcome.cursor = {};
  Step(Received{welcome});
  Settle();
  EXPECT_TRUE(CommittedOps<store::BeginReconcile>().empty());
  EXPECT_EQ(Shown(), State::kLive);
}

TEST_F(MachineReconnectTest, AReconciliationThatWasCutShortListsAgain) {
  Start(SyncCursor{"e0", 100});
  Connect(transport::Resume::kOtherEpoch, 7);
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  EXPECT_TRUE(CommittedOps<store::SetCursor>().empty());
  (void)TakeFrames<transport::ListConversations>();
  (void)Take<SendHello>();
  Step(SyncNowAsked{});
  Step(Connected{});
  EXPECT_FALSE(Take<SendHello>().at(0).cursor);
  Step(Received{Welcome(transport::Resume::kNoCursor, 9)});
  Settle();
  EXPECT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::BeginReconcile>().size(), 2U)
      << "a person may have paged meanwhile, and what was compared then may be outdated by now";
}

// What is in the cache without a cursor came while an earlier listing went on.
TEST_F(MachineReconnectTest, WhatAFirstListingThatWasCutShortBroughtIsComparedAgain) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  const std::size_t before = CommittedOps<store::BeginReconcile>().size();
  Step(SyncNowAsked{});
  Step(Connected{});
  Step(Received{Welcome(transport::Resume::kNoCursor, 9)});
  Settle();
  EXPECT_EQ(CommittedOps<store::BeginReconcile>().size(), before + 1);
}

// Regression: a write that left before moved the log, and after a crash the old cursor looked as if
// it were of this log.
TEST_F(MachineReconnectTest, NothingMovesTheLogBeforeTheOldCursorIsForgotten) {
  outbox_ = {EntryOf(1)};
  Start(SyncCursor{"e0", 100});
  Step(Connected{});
  Step(Received{Welcome(transport::Resume::kOtherEpoch, 7)});
  Step(OutboxChanged{1, {EntryOf(2, "d", Delivery::kSending)}, {}});
  EXPECT_TRUE(Take<SendEntry>().empty());
  Settle();
  ASSERT_EQ(CommittedOps<store::BeginReconcile>().size(), 1U);
  EXPECT_EQ(Take<SendEntry>().size(), 2U);
}

TEST_F(MachineReconnectTest, ChangesOfAnotherEpochAreNotApplied) {
  GoLive();
  transport::Changes changes = ChangesOf(100, 101, {MessageOf("x", 9)});
  changes.to.epoch = "e2";
  Step(Received{changes});
  Settle();
  EXPECT_TRUE(CommittedOps<store::ApplyMessage>().empty());
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
}

TEST_F(MachineReconnectTest, ChangesThatEndBeforeTheyBeginAreNotApplied) {
  GoLive();
  Step(Received{ChangesOf(100, 99, {MessageOf("x", 9)})});
  Settle();
  EXPECT_TRUE(CommittedOps<store::ApplyMessage>().empty());
}

// ---- Lazy sync. ----

TEST_F(MachineReconnectTest, AnActiveConversationIsSubscribedToWhenSomethingHappensInIt) {
  std::vector<ConversationId> active;
  active.reserve(200);
  for (int i = 0; i < 200; ++i) active.emplace_back("c" + std::to_string(i));
  Start(SyncCursor{"e1", 100}, active);
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(TakeFrames<transport::Subscribe>().at(0).add.size(), limits::kSubscribeAtOnce);
  transport::Changes changes = ChangesOf(100, 101);
  changes.changes.emplace_back(SummaryOf("c150", 9));
  gaps_ = {{ConversationId("c150"), 8, 9, false}};
  Step(Received{changes});
  Settle();
  EXPECT_EQ(TakeFrames<transport::Subscribe>().at(0).add, std::vector{ConversationId("c150")});
  EXPECT_EQ(looked_at_, std::vector{ConversationId("c150")});
  EXPECT_EQ(TakeFrames<transport::GetHistory>().at(0).before, 10U) << "what came as a summary only";
}

// Regression: a frame for each, more than the queue takes, and the connection was given up.
TEST_F(MachineReconnectTest, AFrameFullOfActiveConversationsIsAnsweredWithOneSubscription) {
  Start(SyncCursor{"e1", 100}, {ConversationId("a"), ConversationId("b")});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.limits.subscriptions = 1;
  Step(Received{welcome});
  Settle();
  EXPECT_EQ(TakeFrames<transport::Subscribe>().at(0).add, std::vector{ConversationId("a")});
  transport::Changes changes = ChangesOf(100, 101);
  for (Sequence i = 1; i <= 301; ++i)
    changes.changes.emplace_back(SummaryOf(i % 2 == 0 ? "a" : "b", i));
  Step(Received{changes});
  const auto subscribe = TakeFrames<transport::Subscribe>();
  ASSERT_EQ(subscribe.size(), 1U);
  EXPECT_EQ(subscribe[0].add, std::vector{ConversationId("b")});
  EXPECT_EQ(subscribe[0].remove, std::vector{ConversationId("a")});
}

TEST_F(MachineReconnectTest, OfMoreThanTheBackendTakesTheLastToChangeAreSubscribedTo) {
  Start(SyncCursor{"e1", 100}, {ConversationId("a"), ConversationId("b"), ConversationId("c")});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.limits.subscriptions = 1;
  Step(Received{welcome});
  Settle();
  (void)TakeFrames<transport::Subscribe>();
  transport::Changes changes = ChangesOf(100, 101);
  for (const char* id : {"a", "c", "b"}) changes.changes.emplace_back(SummaryOf(id, 9));
  Step(Received{changes});
  const auto subscribe = TakeFrames<transport::Subscribe>();
  ASSERT_EQ(subscribe.size(), 1U);
  EXPECT_EQ(subscribe[0].add, std::vector{ConversationId("b")});
  EXPECT_EQ(subscribe[0].remove, std::vector{ConversationId("a")});
}

TEST_F(MachineReconnectTest, ASummaryOfAConversationThatNobodyHasOpenFetchesNothing) {
  GoLive();
  transport::Changes changes = ChangesOf(100, 101);
  changes.changes.emplace_back(SummaryOf("quiet", 9));
  Step(Received{changes});
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplySummary>().at(0).gap_reason, GapReason::kLimited);
  EXPECT_TRUE(looked_at_.empty());
  EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
}

TEST_F(MachineReconnectTest, AMessageThatCameWithItsSummaryIsNotLookedFor) {
  GoLive();
  Step(Opened{ConversationId("c")});
  Settle();
  looked_at_.clear();
  transport::Changes changes = ChangesOf(100, 101, {MessageOf("x", 9)});
  changes.changes.emplace_back(SummaryOf("c", 9));
  Step(Received{changes});
  Settle();
  EXPECT_TRUE(looked_at_.empty());
}

TEST_F(MachineReconnectTest, WhatAPersonWaitsForGoesAlsoWhenTheBackgroundIsBusy) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  plan_.missing = 100'000;
  for (int i = 0; i < 500; ++i)
    plan_.items.push_back({ConversationId("b" + std::to_string(i)), 1, 200, false});
  transport::ConversationPage page;
  page.request = TakeFrames<transport::ListConversations>().at(0).request;
  Step(Received{page});
  Settle();
  ASSERT_FALSE(TakeFrames<transport::GetHistory>().empty());
  Step(FetchWanted{{ConversationId("seen"), 3, 8, GapReason::kLimited}});
  const auto asks = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].conversation, ConversationId("seen"));
  EXPECT_EQ(asks[0].before, 9U);
  EXPECT_EQ(asks[0].page_size, 6U) << "exactly what is missing";
}

TEST_F(MachineReconnectTest, WhatAPersonWaitsForGoesDuringTheListing) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  Step(FetchWanted{{ConversationId("seen"), 3, 8, GapReason::kLimited}});
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
}

TEST_F(MachineReconnectTest, TheFirstSyncsProgressGoesOnAfterAKill) {
  store::SyncState sync;
  sync.cursor = SyncCursor{"e1", 100};
  plan_ = {{{ConversationId("c"), 1, 300, false}}, 300};
  Step(Started{std::move(sync), {}, 700});
  Settle();
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(Shown(), State::kCatchingUp);
  EXPECT_TRUE(shown_.initial);
  EXPECT_EQ(shown_.done, 700U);
  EXPECT_EQ(shown_.total, 1'000U);
}

TEST_F(MachineReconnectTest, ProgressIsShownInStepsAndItsEndInAnyCase) {
  constexpr Sequence kMissing = 1'000;
  plan_ = {{{ConversationId("c"), 1, kMissing, false}}, kMissing};
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  std::vector<std::uint64_t> shown;
  for (Sequence at = kMissing; at > 0; --at) {
    const auto asks = TakeFrames<transport::GetHistory>();
    if (asks.empty()) break;
    transport::History history;
    history.request = asks[0].request;
    history.conversation = ConversationId("c");
    history.messages = {MessageOf(("m" + std::to_string(at)).c_str(), at)};
    history.from = history.to = at;
    history.has_more = at > 1;
    Step(Received{history});
    Settle();
    for (const Publish& publish : Take<Publish>()) {
      shown_ = publish.status;
      if (shown_.state == State::kCatchingUp) shown.push_back(shown_.done);
    }
  }
  EXPECT_EQ(shown_.state, State::kLive);
  EXPECT_GT(shown.size(), 200U);
  EXPECT_LT(shown.size(), 300U) << "of a thousand commits";
  EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end()));
}

}  // namespace
}  // namespace hark::sync
