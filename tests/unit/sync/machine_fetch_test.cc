// What the machine asks for of the list and of history, and what it makes of strange answers.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

// A backend that answers several pages at once, and two gaps.
class MachineTogetherTest : public MachineTest {
 protected:
  void SetUp() override {
    plan_ = {{{ConversationId("c"), 1, 3, false}, {ConversationId("d"), 1, 2, false}}, 5};
    Start(SyncCursor{"e1", 100});
    Step(Connected{});
    transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
    welcome.can_batch = true;
    Step(Received{std::move(welcome)});
    Settle();
  }
};

TEST_F(MachineTogetherTest, ShortPagesOfManyConversationsAreAskedForAndStoredTogether) {
  EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
  const auto asks = TakeFrames<transport::GetHistories>();
  ASSERT_EQ(asks.size(), 1U);
  ASSERT_EQ(asks[0].asks.size(), 2U);
  EXPECT_EQ(asks[0].asks[1].before, 3U);

  committed_.clear();
  transport::Histories answer{asks[0].request, {}};
  answer.pages.push_back({0, ConversationId("c"), {MessageOf("a", 3)}, 1, 3, false});
  Message other = MessageOf("b", 2);
  other.conversation = ConversationId("d");
  answer.pages.push_back({0, ConversationId("d"), {other}, 1, 2, false});
  Step(Received{answer});
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplyHistory>().size(), 2U);
  EXPECT_EQ(Shown(), State::kLive);
}

TEST_F(MachineTogetherTest, ABackendThatRefusesSeveralPagesIsAskedForEach) {
  const auto asks = TakeFrames<transport::GetHistories>();
  ASSERT_EQ(asks.size(), 1U);
  Step(Received{
      transport::Refused{asks[0].request, transport::RefusedCode::kUnsupported, "No.", {}}});
  Settle();
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 2U);
  EXPECT_EQ(Shown(), State::kCatchingUp);
}

// An empty page that says "more" settles nothing, and asking again at once might go on for ever.
TEST_F(MachineTest, WhatAnAnswerDidNotSettleIsAskedAgainWithTheNextHeartbeat) {
  plan_ = {{{ConversationId("c"), 1, 3, false}}, 3};
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  transport::History nothing;
  nothing.request = asked[0].request;
  nothing.conversation = ConversationId("c");
  nothing.has_more = true;
  Step(Received{nothing});
  Settle();
  EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
  plan_ = {{{ConversationId("c"), 1, 3, false}}, 3};
  Pass(milliseconds(30'000));
  Step(TimerFired{});
  Settle();
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
}

// A copy of the backend that is a little behind: the newest message is not lost, and not asked for
// again and again.
TEST_F(MachineTest, APageThatDoesNotReachWhatWasAskedForIsAskedForAgainWithTheNextHeartbeat) {
  plan_ = {{{ConversationId("c"), 3, 3, false}}, 1};
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  transport::History behind;
  behind.request = asked[0].request;
  behind.conversation = ConversationId("c");
  behind.messages = {MessageOf("b", 2)};
  behind.from = behind.to = 2;
  behind.has_more = true;
  Step(Received{behind});
  plan_ = {{{ConversationId("c"), 3, 3, false}}, 1};
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplyHistory>().size(), 1U);
  EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
  Pass(milliseconds(30'000));
  Step(TimerFired{});
  Settle();
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
}

TEST_F(MachineTest, WhatWasPagedToWithoutAConnectionIsFetchedWithTheNext) {
  Start(SyncCursor{"e1", 100});
  Step(FetchWanted{{ConversationId("c"), 1, 3, GapReason::kEvicted}});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].before, 4U);
}

TEST_F(MachineTest, WhatChangesWhileItIsListedIsFetchedToo) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  ASSERT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
  transport::Changes changes;
  changes.from = {"e1", 7};
  changes.to = {"e1", 8};
  ConversationSummary moved;
  moved.id = ConversationId("moved to the top");
  moved.last_sequence = 5;
  changes.changes.emplace_back(moved);
  Step(Received{changes});
  Settle();
  ASSERT_EQ(CommittedOps<store::ApplySummary>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::ApplySummary>()[0].gap_reason, GapReason::kNotFetched);
}

// What the store says of the gaps before the commit knows nothing of the summary.
TEST_F(MachineTest, AConversationThatIsOpenedWhileItsSummaryIsStoredIsFetched) {
  GoLive();
  transport::Changes changes;
  changes.from = {"e1", 100};
  changes.to = {"e1", 101};
  ConversationSummary summary;
  summary.id = ConversationId("c");
  summary.last_sequence = 5;
  changes.changes.emplace_back(summary);
  Step(Received{changes});
  Step(Opened{ConversationId("c")});
  ASSERT_EQ(Take<LoadGaps>().size(), 1U);
  Step(GapsLoaded{ConversationId("c"), {}});
  ASSERT_TRUE(Take<LoadGaps>().empty());
  Step(Committed{});
  EXPECT_EQ(Take<LoadGaps>().size(), 1U);
}

TEST_F(MachineTest, AListWithoutAnEndIsGivenUp) {
  Start();
  for (const bool is_empty : {false, true}) {
    Connect(transport::Resume::kNoCursor, 7);
    std::size_t pages = 0;
    while (Take<CloseConnection>().empty()) {
      const auto lists = TakeFrames<transport::ListConversations>();
      ASSERT_EQ(lists.size(), 1U);
      ASSERT_LT(++pages, 100U);
      transport::ConversationPage page;
      page.request = lists[0].request;
      if (!is_empty) page.conversations.emplace_back().id = ConversationId("c");
      page.next_page_token = is_empty ? std::to_string(pages) : "again";
      Step(Received{page});
      Settle();
    }
    EXPECT_EQ(pages, is_empty ? 17U : 2U);
    Pass(std::chrono::minutes(10));
    Step(TimerFired{});
    Settle();
  }
}

}  // namespace
}  // namespace hark::sync
