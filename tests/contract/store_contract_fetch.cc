// What is to be fetched: gaps, and what is marked for refresh.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

FetchItem Item(const std::string& conversation, Sequence from, Sequence to, bool refresh = false) {
  return {ConversationId(conversation), from, to, refresh};
}

TEST_P(StoreContract, PlanIsNewestActivityFirst) {
  Do(SummaryOf("A", 5));
  Do(SummaryOf("B", 9));
  Do(SummaryOf("C", 7));
  EXPECT_THAT(Plan().items, ElementsAre(Item("B", 1, 9), Item("C", 1, 7), Item("A", 1, 5)));
  EXPECT_EQ(Plan().missing, 21U);
  EXPECT_THAT(Plan({}, 2).items, SizeIs(2));
  EXPECT_EQ(Plan({}, 2).missing, 21U);
}

TEST_P(StoreContract, ActiveConversationsAreFetchedFirst) {
  Do(SummaryOf("A", 5));
  Do(SummaryOf("B", 9));
  Do(SummaryOf("C", 7));
  EXPECT_THAT(Plan({"A", "C", "none"}).items,
              ElementsAre(Item("C", 1, 7), Item("A", 1, 5), Item("B", 1, 9)));
}

TEST_P(StoreContract, LimitedGapsAreFetchedOnlyOfActiveConversations) {
  Do(SummaryOf("A", 5, GapReason::kLimited));
  Do(SummaryOf("B", 9, GapReason::kLimited));
  EXPECT_THAT(Plan().items, IsEmpty());
  EXPECT_EQ(Plan().missing, 0U);
  EXPECT_THAT(Plan({"A"}).items, ElementsAre(Item("A", 1, 5)));
  EXPECT_EQ(Plan({"A"}).missing, 5U);
}

TEST_P(StoreContract, WhatWasFetchedIsNotPlannedAgain) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 7, 8));
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 9, 10), Item("A", 1, 6)));
  EXPECT_EQ(Plan().missing, 8U);
  Do(HistoryOf("A", 1, 10));
  EXPECT_THAT(Plan().items, IsEmpty());
  EXPECT_EQ(Plan().missing, 0U);
}

// The backend had 1 to 5, was restored to 1 to 3, and gives 4 out again.
TEST_P(StoreContract, WhatARestoredBackendNumbersAgainIsFetchedBesideWhatItForgot) {
  Do(HistoryOf("A", 1, 5));
  Do(BeginReconcile{});
  Do(SummaryOf("A", 3));
  ApplyHistory all = HistoryOf("A", 1, 3);
  all.asked_to = 5;
  Do(all);
  ASSERT_THAT(Plan().items, IsEmpty());
  Do(SummaryOf("A", 4, GapReason::kLimited));
  ASSERT_THAT(Plan({"A"}).items, SizeIs(1));
  EXPECT_EQ(Plan({"A"}).items[0].to, 4U);
  ApplyHistory page = HistoryOf("A", 1, 4);
  page.messages[3].id = MessageId("new");
  Do(page);
  EXPECT_THAT(PageIds("A"), ElementsAre(IdOf("A", 1), IdOf("A", 2), IdOf("A", 3), IdOf("A", 4),
                                        "new", IdOf("A", 5)));
  EXPECT_THAT(Plan({"A"}).items, IsEmpty());
}

TEST_P(StoreContract, ReconcileMarksRowsAndForgetsTheCursorAndRemovesNothing) {
  Do(HistoryOf("A", 1, 300));
  Do(SummaryOf("B", 10));
  Do(HistoryOf("B", 8, 10));
  Do(SetCursor{{"epoch", 1}});
  Do(BeginReconcile{});
  EXPECT_FALSE(reader().ReadSyncState()->cursor);
  EXPECT_EQ(Page("A").messages.size(), 50U);
  EXPECT_THAT(Plan().items,
              ElementsAre(Item("A", 1, 300, true), Item("B", 8, 10, true), Item("B", 1, 7)));
  EXPECT_EQ(Plan().missing, 310U);

  Do(HistoryOf("A", 201, 300));
  EXPECT_EQ(Plan().items[0], Item("A", 1, 200, true));
  Do(HistoryOf("A", 1, 200));
  Do(HistoryOf("B", 8, 10));
  EXPECT_THAT(Plan().items, ElementsAre(Item("B", 1, 7)));
  EXPECT_EQ(Plan().missing, 7U);
}

TEST_P(StoreContract, ReconcileAgainstAShorterConversationEnds) {
  Do(HistoryOf("A", 1, 100));
  Do(BeginReconcile{});
  // Restored from a backup, the backend has 60.
  ApplyHistory page = HistoryOf("A", 11, 60);
  page.asked_from = 1;
  page.asked_to = 100;
  Do(page);
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 1, 10, true)));
  ApplyHistory nothing;
  nothing.conversation = ConversationId("A");
  nothing.asked_from = 1;
  nothing.asked_to = 10;
  Do(nothing);
  EXPECT_THAT(Plan().items, IsEmpty());
  EXPECT_EQ(Plan().missing, 0U);
  EXPECT_EQ(Page("A", std::nullopt, 200).messages.size(), 100U);
}

// A backend that reads from a copy which is a little behind: what it does not speak for is not
// lost.
TEST_P(StoreContract, APageThatEndsBelowWhatWasAskedForClosesNoMoreThanItsRange) {
  Do(SummaryOf("A", 10));
  ApplyHistory page = HistoryOf("A", 1, 4);
  page.asked_from = 1;
  page.asked_to = 10;
  Do(page);
  EXPECT_FALSE(Get("A").complete);
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 5, 10)));
  page.asked_from = 5;
  Do(page);
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 5, 10)));
  page.ends_there = true;
  Do(page);
  EXPECT_TRUE(Get("A").complete);
}

TEST_P(StoreContract, WhatARestoredBackendSaysThatItHasForgottenIsClosedWithAShorterPage) {
  Do(SummaryOf("A", 10));
  Do(BeginReconcile{});
  Do(SummaryOf("A", 4));
  ApplyHistory page = HistoryOf("A", 1, 3);
  page.asked_from = 1;
  page.asked_to = 10;
  Do(page);
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 4, 4))) << "the list told of 4";
  Do(HistoryOf("A", 4, 4));
  EXPECT_TRUE(Get("A").complete);
}

// A repeated append is acknowledged with the first state of its message, whatever happened since.
TEST_P(StoreContract, AnAcknowledgedSendThatMayBeOutdatedIsComparedAgain) {
  Do(HistoryOf("A", 1, 3));
  ASSERT_TRUE(Send(UserMessage("A", 9, "hello")));
  Do(AcknowledgeSend{MessageId(UuidOf(9)), "s", 4, 1, true});
  EXPECT_EQ(Page("A").messages.size(), 4U);
  ASSERT_THAT(Plan().items, ElementsAre(Item("A", 1, 4, true)));
  ApplyHistory page = HistoryOf("A", 1, 4);
  page.messages[3].id = MessageId(UuidOf(9));
  page.messages[3].content = "edited by somebody else";
  page.messages[3].revision = 2;
  Do(page);
  EXPECT_EQ(Page("A").messages.back().content, "edited by somebody else");
  EXPECT_THAT(Plan().items, IsEmpty());
}

// Only a summary told of 6 and 7, nobody had the conversation open, and the backend has forgotten
// them.
TEST_P(StoreContract, ReconcileBelowAGapThatTheBackendForgotEnds) {
  Do(HistoryOf("A", 1, 5));
  Do(SummaryOf("A", 7, GapReason::kLimited));
  Do(BeginReconcile{});
  Do(SummaryOf("A", 5));
  ASSERT_THAT(Plan().items, ElementsAre(Item("A", 1, 5, true)));
  Do(HistoryOf("A", 1, 5));
  EXPECT_THAT(Plan().items, IsEmpty());
  EXPECT_EQ(Plan().missing, 0U);
}

TEST_P(StoreContract, AfterReconcileTheBackendsSummaryIsTakenEvenIfShorter) {
  Do(SummaryOf("A", 10));
  Do(BeginReconcile{});
  ConversationSummary summary = Summary("A", 6);
  summary.title = "Renamed";
  Do(ApplySummary{summary, GapReason::kNotFetched});
  EXPECT_EQ(Get("A").title, "Renamed");
  EXPECT_EQ(Get("A").last_sequence, 10U);
}

TEST_P(StoreContract, ReconcileInTheMiddleOfABatchSeesWhatCameBefore) {
  ASSERT_TRUE(
      Apply({HistoryOf("A", 1, 4), BeginReconcile{}, ApplyMessage{BackendMessage("A", 5)}}));
  EXPECT_THAT(Plan().items, ElementsAre(Item("A", 1, 4, true)));
  EXPECT_EQ(Get("A").message_count, 5U);
}

}  // namespace
}  // namespace hark::store
