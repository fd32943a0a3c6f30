// What a backend tells after it was away from its own data: lists that lack a conversation, ends
// that were told too high, copies that are behind, counts.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The answer to a request for [1, `to`] of which the backend has the messages [from, end].
ApplyHistory PageThatEnds(const std::string& conversation, Sequence from, Sequence end,
                          Sequence asked_to) {
  ApplyHistory page = HistoryOf(conversation, from, end);
  page.asked_from = from;
  page.asked_to = asked_to;
  return page;
}

TEST_P(StoreContract, AConversationThatTheListLacksAndTheBackendDoesNotKnowIsNotAskedForAgain) {
  Do(SummaryOf("A", 20));
  Do(HistoryOf("A", 11, 20));
  Do(SummaryOf("B", 5));
  Do(BeginReconcile{});
  Do(SummaryOf("B", 5));
  ASSERT_THAT(Plan().items, SizeIs(3));
  Do(NoSuchConversation{ConversationId("A")});
  EXPECT_THAT(Plan().items, ElementsAre(FetchItem{ConversationId("B"), 1, 5, false}));
  EXPECT_EQ(Plan().missing, 5U);
  EXPECT_EQ(PageIds("A").size(), 10U) << "what is here stays";
  ASSERT_TRUE(Page("A").gap_before) << "and what is missing is said";
}

TEST_P(StoreContract, AConversationThatTheListNamesIsAskedForWhateverTheBackendSaysOfIt) {
  Do(SummaryOf("A", 20));
  Do(NoSuchConversation{ConversationId("A")});
  Do(NoSuchConversation{ConversationId("unknown")});
  EXPECT_THAT(Plan().items, SizeIs(1));
  EXPECT_THAT(ListIds(), ElementsAre("A"));
}

TEST_P(StoreContract, AConversationThatIsThereAgainIsFetched) {
  Do(SummaryOf("A", 20));
  Do(HistoryOf("A", 11, 20));
  Do(BeginReconcile{});
  Do(NoSuchConversation{ConversationId("A")});
  ASSERT_THAT(Plan().items, IsEmpty());
  Do(BeginReconcile{});
  Do(SummaryOf("A", 20));
  EXPECT_THAT(Plan().items, SizeIs(2));
}

// The list's count is without it, and is not to be reduced again.
TEST_P(StoreContract, ADeletionThatTheListHasCountedIsCountedOnce) {
  Do(SummaryOf("A", 100));
  Do(HistoryOf("A", 71, 100));
  Do(BeginReconcile{});
  ApplySummary listed = SummaryOf("A", 100);
  --listed.summary.message_count;
  --listed.summary.unread_count;
  const std::uint64_t unread = listed.summary.unread_count;
  Do(listed);
  ApplyHistory page = HistoryOf("A", 71, 100);
  Message& deleted = page.messages[19];
  ASSERT_EQ(deleted.sequence, 90U);
  deleted = Tombstone(deleted);
  deleted.revision = 2;
  Do(page);
  EXPECT_EQ(Get("A").message_count, 99U);
  EXPECT_EQ(Get("A").unread_count, unread);
}

// One summary said 20; there are 10.
TEST_P(StoreContract, WhatIsToldAboveAnEndThatWasBelievedIsFetched) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 1, 10));
  Do(SummaryOf("A", 20));
  ApplyHistory page = PageThatEnds("A", 1, 10, 20);
  page.ends_there = true;
  Do(page);
  ASSERT_THAT(Plan().items, IsEmpty());
  Do(SummaryOf("A", 11, GapReason::kLimited));
  ASSERT_THAT(Plan().items, SizeIs(1));
  EXPECT_EQ(Plan().items[0].to, 11U);
  Do(HistoryOf("A", 1, 11));
  EXPECT_THAT(Plan().items, IsEmpty());
  EXPECT_EQ(PageIds("A").back(), IdOf("A", 11));
  EXPECT_EQ(Get("A").message_count, 11U);
}

TEST_P(StoreContract, APageThatEndsBelowWhatTheListSaysHasComparedNothingAboveIt) {
  Do(HistoryOf("A", 1, 20));
  Do(BeginReconcile{});
  Do(SummaryOf("A", 20));
  Do(PageThatEnds("A", 1, 18, 20));
  ASSERT_THAT(Plan().items, SizeIs(1));
  EXPECT_EQ(Plan().items[0].to, 20U);
  ApplyHistory believed = PageThatEnds("A", 1, 18, 20);
  believed.ends_there = true;
  Do(believed);
  EXPECT_THAT(Plan().items, IsEmpty()) << "for long it has been so";
}

TEST_P(StoreContract, NoMoreIsUnreadThanThereCanBeAboveTheMarker) {
  Do(SummaryOf("A", 40));
  Do(HistoryOf("A", 40, 40));
  ASSERT_TRUE(MarkRead("A"));
  Do(SummaryOf("A", 42, GapReason::kLimited, 30));
  EXPECT_EQ(Get("A").unread_count, 2U);
}

}  // namespace
}  // namespace hark::store
