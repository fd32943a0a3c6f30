// What the machine asks for of the list and of history, and what it makes of strange answers.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
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

class MachineFetchTest : public MachineTest {
 protected:
  const store::FetchPlan kThird{{{ConversationId("c"), 3, 3, false}}, 1};

  static transport::History ThirdOf(transport::RequestId request) {
    return {request, ConversationId("c"), {MessageOf("a", 3)}, 3, 3, false};
  }

  // A page of "c" and a message are there to be stored.
  std::vector<CommitBatch> ThirdAndThenAMessageOf(const std::string& conversation) {
    plan_ = kThird;
    Start(SyncCursor{"e1", 100});
    Connect(transport::Resume::kOk, 100);
    Step(Received{ThirdOf(TakeFrames<transport::GetHistory>().at(0).request)});
    Message message = MessageOf("live", 4);
    message.conversation = ConversationId(conversation);
    Step(Received{ChangesOf(100, 101, {message})});
    return Take<CommitBatch>();
  }

  // Message 3 of "c" are missing: connects, and answers the request with `page`.
  void AnswerWith(transport::History page) {
    plan_ = kThird;
    Start(SyncCursor{"e1", 100});
    Connect(transport::Resume::kOk, 100);
    const auto asked = TakeFrames<transport::GetHistory>();
    ASSERT_EQ(asked.size(), 1U);
    page.request = asked[0].request;
    page.conversation = ConversationId("c");
    Step(Received{std::move(page)});
    plan_ = kThird;
    Settle();
  }

  // Asking again at once might go on for ever.
  void ExpectAskedAgainWithTheNextHeartbeat() {
    EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
    plan_ = kThird;
    Pass(milliseconds(30'000));
    Step(TimerFired{});
    Settle();
    EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
  }

  static transport::Changes Told(std::uint64_t from, const std::string& id) {
    transport::Changes changes;
    changes.from = {"e1", from};
    changes.to = {"e1", from + 1};
    ConversationSummary summary;
    summary.id = ConversationId(id);
    summary.last_sequence = 5;
    changes.changes.emplace_back(std::move(summary));
    return changes;
  }
};

TEST_F(MachineFetchTest, AnEmptyPageThatSaysMoreIsAskedForAgainWithTheNextHeartbeat) {
  transport::History nothing;
  nothing.has_more = true;
  AnswerWith(nothing);
  EXPECT_TRUE(CommittedOps<store::ApplyHistory>().empty());
  ExpectAskedAgainWithTheNextHeartbeat();
}

// A copy of the backend that is a little behind: the newest message is not lost.
TEST_F(MachineFetchTest, APageThatDoesNotReachWhatWasAskedForIsAskedForAgainWithTheNextHeartbeat) {
  transport::History behind;
  behind.messages = {MessageOf("b", 2)};
  behind.from = behind.to = 2;
  behind.has_more = true;
  AnswerWith(behind);
  EXPECT_EQ(CommittedOps<store::ApplyHistory>().size(), 1U);
  ExpectAskedAgainWithTheNextHeartbeat();
}

TEST_F(MachineFetchTest, WhatAnAnswerDidNotSettleIsAskedForAgainHoweverMuchElseComes) {
  transport::History nothing;
  nothing.has_more = true;
  AnswerWith(nothing);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
    Pass(milliseconds(10'000));
    Step(Received{transport::Pong{}});
  }
  Settle();
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
}

TEST_F(MachineFetchTest, AConversationThatTheBackendDoesNotKnowIsGivenUp) {
  plan_ = kThird;
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  Step(
      Received{transport::Refused{asked[0].request, transport::RefusedCode::kNotFound, "No.", {}}});
  Settle();
  const auto given_up = CommittedOps<store::NoSuchConversation>();
  ASSERT_EQ(given_up.size(), 1U);
  EXPECT_EQ(given_up[0].conversation.value(), "c");
}

// Somebody opened one that was given up before, or that the backend does not show: its gap stays.
TEST_F(MachineFetchTest, WhatAPersonPagedToAndTheBackendRefusesIsAskedForOnce) {
  GoLive();
  for (const auto code : {transport::RefusedCode::kNotFound, transport::RefusedCode::kPermission}) {
    Step(FetchWanted{{ConversationId("c"), 1, 3, GapReason::kLimited}});
    const auto asked = TakeFrames<transport::GetHistory>();
    ASSERT_EQ(asked.size(), 1U);
    Refuse(asked[0].request, code);
    for (int beat = 0; beat < 3; ++beat) {
      Pass(milliseconds(30'000));
      Step(TimerFired{});
      Settle();
      Step(Received{transport::Pong{}});
      EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
    }
  }
}

TEST_F(MachineFetchTest, WhatWasPagedToWithoutAConnectionIsFetchedWithTheNext) {
  Start(SyncCursor{"e1", 100});
  Step(FetchWanted{{ConversationId("c"), 1, 3, GapReason::kEvicted}});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].before, 4U);
}

TEST_F(MachineFetchTest, WhatChangesWhileItIsListedIsFetchedToo) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  ASSERT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
  Step(Received{Told(7, "moved to the top")});
  Settle();
  ASSERT_EQ(CommittedOps<store::ApplySummary>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::ApplySummary>()[0].gap_reason, GapReason::kNotFetched);
}

// What the store says of the gaps before the commit knows nothing of the summary.
TEST_F(MachineFetchTest, AConversationThatIsOpenedWhileItsSummaryIsStoredIsFetched) {
  GoLive();
  Step(Received{Told(100, "c")});
  Step(Opened{ConversationId("c")});
  ASSERT_EQ(Take<LoadGaps>().size(), 1U);
  Step(GapsLoaded{ConversationId("c"), {}});
  ASSERT_TRUE(Take<LoadGaps>().empty());
  Step(Committed{Take<CommitBatch>().at(0).number});
  EXPECT_EQ(Take<LoadGaps>().size(), 1U);
}

// 10 was appended, and 11, which was edited at once: of a conversation that is active and not
// subscribed to yet, only 11 comes along.
TEST_F(MachineFetchTest, AnEditedMessageDoesNotHideTheOnesBeforeItThatDidNotComeAlong) {
  std::vector<ConversationId> active;
  for (std::size_t i = 0; i < limits::kSubscribeAtOnce; ++i)
    active.emplace_back("c" + std::to_string(i));
  active.emplace_back("c");
  Start(SyncCursor{"e1", 100}, active);
  Connect(transport::Resume::kOk, 100);
  looked_at_.clear();
  for (std::uint64_t position : {100U, 101U}) {
    Message edited = MessageOf("edited", 11);
    edited.revision = 2;
    transport::Changes changes = ChangesOf(position, position + 1, {edited});
    changes.changes.emplace_back(SummaryOf("c", 11));
    Step(Received{std::move(changes)});
    Settle();
    EXPECT_EQ(looked_at_.size(), 1U) << "and not again once it is subscribed to";
  }
}

// It may be of numbers that are here already, of before the backend was restored: no gap says so.
TEST_F(MachineFetchTest, WhatASummaryAloneToldOfIsLookedForSoonAndForManyOnce) {
  GoLive();
  plan_ = kThird;
  for (std::uint64_t position = 100; position < 105; ++position) {
    Step(Received{Told(position, "c")});
    Settle();
    EXPECT_TRUE(TakeFrames<transport::GetHistory>().empty());
  }
  Pass(milliseconds(1'000));
  Step(TimerFired{});
  Settle();
  EXPECT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
}

TEST_F(MachineFetchTest, AChangeMayGoAheadOfHistoryOfOtherConversations) {
  const std::vector<CommitBatch> commits = ThirdAndThenAMessageOf("d");
  ASSERT_EQ(commits.size(), 2U);
  EXPECT_EQ(commits[0].batch.order, store::Order::kMayWait);
  EXPECT_EQ(commits[1].batch.order, store::Order::kMayGoAhead);
  EXPECT_EQ(commits[0].batch.series, commits[1].batch.series);
}

// Of a restored backend, a page that ends below what was asked for would else be taken for newer
// than the message that was sent after it.
TEST_F(MachineFetchTest, AChangeComesAfterThePagesOfItsConversation) {
  const std::vector<CommitBatch> commits = ThirdAndThenAMessageOf("c");
  ASSERT_EQ(commits.size(), 2U);
  EXPECT_EQ(commits[1].batch.order, store::Order::kInPlace);
  Step(Committed{commits[0].number});
  Step(Received{Told(101, "c")});
  EXPECT_EQ(Take<CommitBatch>().at(0).batch.order, store::Order::kMayGoAhead) << "it is stored";
}

TEST_F(MachineFetchTest, ASummaryComesAfterThePagesOfItsConversation) {
  (void)ThirdAndThenAMessageOf("d");
  Step(Received{Told(101, "c")});
  EXPECT_EQ(Take<CommitBatch>().at(0).batch.order, store::Order::kInPlace);
}

TEST_F(MachineFetchTest, HistoryThatAPersonWaitsForMayGoAhead) {
  GoLive();
  Step(Opened{ConversationId("c")});
  gaps_ = {{ConversationId("c"), 3, 3, false}};
  Settle();
  Step(Received{ThirdOf(TakeFrames<transport::GetHistory>().at(0).request)});
  EXPECT_EQ(Take<CommitBatch>().at(0).batch.order, store::Order::kMayGoAhead);
}

TEST_F(MachineFetchTest, AMessageThatIsStoredBeforeTheHistoryThatCameFirstSettlesNothingOfIt) {
  const std::vector<CommitBatch> commits = ThirdAndThenAMessageOf("d");
  ASSERT_EQ(commits.size(), 2U);
  Step(Committed{commits[1].number});
  EXPECT_EQ(Shown(), State::kCatchingUp) << "the history is not stored";
  Step(CommitFailed{commits[0].number, Error(ErrorCode::kInternal, "x")});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  Settle();
  Pass(limits::kReturnWindow + limits::kBackoffFirst);
  Step(TimerFired{});
  Step(Connected{});
  EXPECT_EQ(Take<SendHello>().back().cursor, (SyncCursor{"e1", 101})) << "the message is stored";
}

TEST_F(MachineFetchTest, AListWithoutAnEndIsGivenUp) {
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
