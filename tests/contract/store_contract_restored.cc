// Read markers are numbers, and a backend that was restored from a copy gives numbers out again:
// what has them now was not read.

#include "tests/contract/store_contract_restored.h"

#include <gmock/gmock.h>

namespace hark::store {
namespace {

using testing::SizeIs;

TEST_P(RestoredBackend, WhatItNumbersAnewHasNotBeenRead) {
  Acknowledge();
  List(7, 7);
  EXPECT_EQ(Get("A").unread_count, 0U);
  Write(8, 7);
  EXPECT_EQ(Get("A").read_sequence, 7U);
  EXPECT_EQ(Get("A").unread_count, 3U) << "with 8 and 10, which only this device has";
  ASSERT_TRUE(MarkRead("A"));
  EXPECT_EQ(Get("A").unread_count, 0U);
  Tell(8, 8, 0);
  EXPECT_EQ(Get("A").unread_count, 0U) << "the same message, told again";
}

TEST_P(RestoredBackend, WhatItHadNumberedAnewBeforeItIsComparedHasNotBeenRead) {
  Acknowledge();
  List(8, 7);
  Compare(8);
  EXPECT_EQ(Get("A").read_sequence, 7U);
  EXPECT_EQ(Get("A").unread_count, 3U);
}

// Nobody has it open: only summaries tell of it.
TEST_P(RestoredBackend, ASummaryOfWhatItNumbersAnewSaysThatItHasNotBeenRead) {
  Acknowledge();
  List(7, 7);
  Tell(8, 7, 1);
  EXPECT_EQ(Get("A").read_sequence, 7U);
  EXPECT_GT(Get("A").unread_count, 0U);
}

// Another device has read what only summaries told of here.
TEST_P(RestoredBackend, WhatItHadNumberedAnewWhereNothingIsHereHasNotBeenRead) {
  Do(SummaryOf("B", 10, GapReason::kLimited, 10));
  Do(BeginReconcile{});
  Do(SummaryOf("B", 8, GapReason::kNotFetched, 7));
  EXPECT_EQ(Get("B").read_sequence, 7U);
  EXPECT_EQ(Get("B").unread_count, 1U);
  Do(HistoryOf("B", 1, 8));
  EXPECT_EQ(Get("B").read_sequence, 7U);
  EXPECT_EQ(Get("B").unread_count, 1U);
}

TEST_P(RestoredBackend, AMessageOfTheUserMakesNothingUnread) {
  Acknowledge();
  List(7, 7);
  ASSERT_TRUE(Send(UserMessage("A", 1, "mine")));
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "", 8, 1});
  Tell(8, 7, 0);
  EXPECT_EQ(Get("A").read_sequence, 10U);
  EXPECT_EQ(Get("A").unread_count, 0U);
}

TEST_P(RestoredBackend, IsNotToldThatWhatItWillNumberAnewIsRead) {
  Acknowledge();
  List(7, 7);
  Write(8, 7);
  ASSERT_TRUE(MarkRead("A"));
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].read_sequence, 8U);
  Write(9, 8);
  EXPECT_EQ(Get("A").read_sequence, 8U);
  Do(AcknowledgeRead{ConversationId("A"), 10});
  EXPECT_EQ(Get("A").read_sequence, 8U) << "9 came while the marker was on its way";
  ASSERT_TRUE(MarkRead("A"));
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].read_sequence, 9U);
}

// It was read while there was no connection.
TEST_P(RestoredBackend, IsToldOnlyOfWhatWasReadBelowWhatItNumberedAnew) {
  ASSERT_EQ(Outbox().at(0).read_sequence, 10U);
  List(8, 3);
  Compare(8);
  EXPECT_EQ(Get("A").read_sequence, 7U);
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].read_sequence, 7U);
}

// Neither of the next two was restored: a list that is of a copy which is behind, and a client that
// was away for so long that everything is listed.
TEST_P(RestoredBackend, AMarkerThatItKnowsIsKeptWhenACopyCatchesUp) {
  Acknowledge();
  List(9, 9);
  Tell(10, 10, 0);
  EXPECT_EQ(Get("A").read_sequence, 10U);
  EXPECT_EQ(Get("A").unread_count, 0U);
}

TEST_P(RestoredBackend, WhatWasReadHereAndIsNotToldYetStaysRead) {
  Do(SummaryOf("B", 10, GapReason::kLimited, 3));
  Do(HistoryOf("B", 9, 10));
  ASSERT_TRUE(MarkRead("B"));
  Do(BeginReconcile{});
  Do(SummaryOf("B", 10, GapReason::kNotFetched, 3));
  EXPECT_EQ(Get("B").read_sequence, 10U);
  EXPECT_EQ(Get("B").unread_count, 0U);
}

}  // namespace
}  // namespace hark::store
