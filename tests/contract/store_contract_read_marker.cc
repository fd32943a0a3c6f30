// Read markers and unread counts.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, UnreadIsCountedHereWhenEverythingUnreadIsHere) {
  ConversationSummary wrong = Summary("A", 6);
  wrong.unread_count = 77;
  Do(ApplySummary{wrong, GapReason::kNotFetched});
  EXPECT_EQ(Get("A").unread_count, 77U);
  Do(HistoryOf("A", 1, 6));
  EXPECT_EQ(Get("A").unread_count, 3U);
  Do(ApplyMessage{Tombstone(BackendMessage("A", 4, 2))});
  EXPECT_EQ(Get("A").unread_count, 2U);
  Do(ApplyMessage{BackendMessage("A", 7)});
  EXPECT_EQ(Get("A").unread_count, 2U);
  Do(ApplyMessage{BackendMessage("A", 8)});
  EXPECT_EQ(Get("A").unread_count, 3U);
}

TEST_P(StoreContract, BackendsCountHoldsWhileSomethingUnreadIsMissing) {
  ConversationSummary summary = Summary("A", 10, 2);
  summary.unread_count = 5;
  Do(ApplySummary{summary, GapReason::kNotFetched});
  Do(HistoryOf("A", 9, 10));
  EXPECT_EQ(Get("A").unread_count, 5U);
  Do(HistoryOf("A", 3, 8));
  EXPECT_EQ(Get("A").unread_count, 4U);  // 4, 6, 8, 10; the gap below the marker does not matter.
}

TEST_P(StoreContract, MarkReadMovesForwardAtOnceAndGoesToTheOutbox) {
  Do(HistoryOf("A", 1, 6));
  TakeCommits();
  const auto conversation = MarkRead("A", IdOf("A", 4));
  ASSERT_TRUE(conversation) << conversation.error().message;
  EXPECT_EQ(conversation->read_sequence, 4U);
  EXPECT_EQ(conversation->unread_count, 1U);
  EXPECT_EQ(Get("A"), *conversation);
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].kind, OutboxKind::kMarkRead);
  EXPECT_EQ(Outbox()[0].read_sequence, 4U);
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  EXPECT_THAT(commits[0]->outbox, SizeIs(1));
  ASSERT_THAT(commits[0]->conversations, SizeIs(1));
  EXPECT_EQ(commits[0]->conversations[0], *conversation);
}

TEST_P(StoreContract, MarkReadNeverMovesBack) {
  Do(HistoryOf("A", 1, 6));
  ASSERT_TRUE(MarkRead("A"));
  EXPECT_EQ(Get("A").read_sequence, 6U);
  TakeCommits();
  const auto back = MarkRead("A", IdOf("A", 2));
  EXPECT_EQ(back->read_sequence, 6U);
  EXPECT_EQ(Outbox()[0].read_sequence, 6U);
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, LaterMarkerReplacesTheEarlierAndIsANewEntry) {
  Do(HistoryOf("A", 1, 6));
  ASSERT_TRUE(MarkRead("A", IdOf("A", 2)));
  const auto first = Outbox();
  ASSERT_TRUE(MarkRead("A", IdOf("A", 4)));
  const auto second = Outbox();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_GT(second[0].position, first[0].position);
  // The acknowledgement of the first leaves the second.
  Do(AcknowledgeRead{ConversationId("A"), 2});
  EXPECT_EQ(Outbox(), second);
  Do(AcknowledgeRead{ConversationId("A"), 4});
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Get("A").read_sequence, 4U);
}

TEST_P(StoreContract, MarkReadOfUnknownThingsIsNotFound) {
  Do(HistoryOf("A", 1, 2));
  Do(HistoryOf("B", 1, 2));
  EXPECT_EQ(MarkRead("none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(MarkRead("A", "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(MarkRead("A", IdOf("B", 1)).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, MarkReadUpToAPendingMessageReadsTheCache) {
  Do(HistoryOf("A", 1, 4));
  ASSERT_TRUE(Send(UserMessage("A", 1, "answer")));
  EXPECT_EQ(MarkRead("A", UuidOf(1))->read_sequence, 4U);
  EXPECT_EQ(Get("A").unread_count, 0U);
}

TEST_P(StoreContract, MarkReadOfEverythingHereDoesNotReadWhatIsMissing) {
  Do(HistoryOf("A", 1, 4));
  Do(SummaryOf("A", 10, GapReason::kLimited));
  EXPECT_EQ(MarkRead("A")->read_sequence, 4U);
  EXPECT_EQ(Get("A").unread_count, 3U);
}

TEST_P(StoreContract, OutdatedSummaryDoesNotMakeReadMessagesUnread) {
  Do(HistoryOf("A", 1, 6));
  ASSERT_TRUE(MarkRead("A"));
  Do(SummaryOf("A", 6, GapReason::kNotFetched, 0));
  EXPECT_EQ(Get("A").read_sequence, 6U);
  EXPECT_EQ(Get("A").unread_count, 0U);
}

// Regression: after the backend was restored, a summary of before kept every later title out.
TEST_P(StoreContract, TheLastTitleOfTheChangesIsShownWhateverSequenceItComesWith) {
  Do(SummaryOf("A", 10, GapReason::kLimited));
  ApplySummary later = SummaryOf("A", 8, GapReason::kLimited);
  later.summary.title = "renamed";
  Do(later);
  EXPECT_EQ(Get("A").title, "renamed");
  EXPECT_EQ(Get("A").last_sequence, 10U);
  later.summary.title = "as it was listed before";
  later.gap_reason = GapReason::kNotFetched;
  Do(later);
  EXPECT_EQ(Get("A").title, "renamed");
}

TEST_P(StoreContract, ReadOnAnotherDeviceIsReadHere) {
  Do(HistoryOf("A", 1, 6));
  Do(SummaryOf("A", 6, GapReason::kNotFetched, 4));
  EXPECT_EQ(Get("A").read_sequence, 4U);
  EXPECT_EQ(Get("A").unread_count, 1U);
}

TEST_P(StoreContract, RefusedMarkerIsGivenUp) {
  Do(HistoryOf("A", 1, 4));
  ASSERT_TRUE(MarkRead("A"));
  Do(FailEntry{Outbox()[0].position, {"NOT_FOUND", "No."}});
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Get("A").read_sequence, 4U);
}

}  // namespace
}  // namespace hark::store
