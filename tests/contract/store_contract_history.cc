// What the backend says: summaries, messages, history. Repeated or reordered, it ends in the same
// rows.

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/store/gap_math.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST_P(StoreContract, SummaryOfANewConversationIsListedWithItsGap) {
  Do(SummaryOf("A", 10, GapReason::kNotFetched, 4));
  const Conversation conversation = Get("A");
  EXPECT_EQ(conversation.title, "Title of A");
  EXPECT_EQ(conversation.last_sequence, 10U);
  EXPECT_EQ(conversation.message_count, 10U);
  EXPECT_EQ(conversation.read_sequence, 4U);
  EXPECT_EQ(conversation.unread_count, 3U);
  EXPECT_EQ(conversation.last_activity_at, TimeOf(10));
  EXPECT_EQ(conversation.preview, "text 10 of A");
  EXPECT_FALSE(conversation.complete);
  EXPECT_EQ(Page("A").gap_before, (Gap{ConversationId("A"), 1, 10, GapReason::kNotFetched}));
}

TEST_P(StoreContract, SummaryNeverMovesBackOrRemovesRows) {
  Do(SummaryOf("A", 10, GapReason::kNotFetched, 6));
  Do(HistoryOf("A", 1, 10));
  Do(SummaryOf("A", 5, GapReason::kNotFetched, 2));
  const Conversation conversation = Get("A");
  EXPECT_EQ(conversation.last_sequence, 10U);
  EXPECT_EQ(conversation.read_sequence, 6U);
  EXPECT_EQ(conversation.message_count, 10U);
  EXPECT_EQ(conversation.preview, "text 10 of A");
  EXPECT_TRUE(conversation.complete);
  EXPECT_EQ(Page("A").messages.size(), 10U);
}

// The rows of a conversation that had none are counted as they come, and otherwise read.
TEST_P(StoreContract, AFirstPageCountsAsItsRowsDo) {
  ApplyHistory with_tombstone = HistoryOf("C", 1, 10);
  with_tombstone.messages[9] = Tombstone(std::move(with_tombstone.messages[9]));
  ASSERT_TRUE(Apply({SummaryOf("A", 10, GapReason::kNotFetched, 3), HistoryOf("A", 1, 10)}));
  ASSERT_TRUE(Apply({HistoryOf("B", 1, 10), SummaryOf("B", 10, GapReason::kNotFetched, 3)}));
  ASSERT_TRUE(Apply({SummaryOf("C", 10, GapReason::kNotFetched, 3), with_tombstone}));
  ASSERT_TRUE(Apply({SummaryOf("D", 10, GapReason::kNotFetched, 3), HistoryOf("D", 4, 10)}));
  const auto expect = [this](const std::string& id, std::uint64_t messages, std::uint64_t unread,
                             const std::string& preview) {
    const Conversation conversation = Get(id);
    EXPECT_EQ(conversation.message_count, messages) << id;
    EXPECT_EQ(conversation.unread_count, unread) << id;
    EXPECT_EQ(conversation.preview, preview) << id;
    EXPECT_EQ(conversation.last_activity_at, TimeOf(10)) << id;
  };
  // The assistant wrote 4, 6, 8 and 10.
  expect("A", 10, 4, "text 10 of A");
  expect("B", 10, 4, "text 10 of B");
  expect("C", 9, 3, "text 9 of C");
  expect("D", 10, 4, "text 10 of D");
  EXPECT_TRUE(Get("A").complete);
  EXPECT_FALSE(Get("D").complete);
}

TEST_P(StoreContract, HigherRevisionWins) {
  Do(ApplyMessage{BackendMessage("A", 1, 2)});
  Do(ApplyMessage{BackendMessage("A", 1, 1)});
  EXPECT_EQ(Page("A").messages.front(), BackendMessage("A", 1, 2));
  Do(ApplyMessage{BackendMessage("A", 1, 5)});
  EXPECT_EQ(Page("A").messages.front(), BackendMessage("A", 1, 5));
  EXPECT_EQ(Page("A").messages.size(), 1U);
  // A backend may count by its clock, in nanoseconds.
  Do(ApplyMessage{BackendMessage("A", 1, 1'800'000'000'000'000'000)});
  EXPECT_EQ(Page("A").messages.front().revision, 1'800'000'000'000'000'000U);
}

// The next two: the backend was restored from a copy, and counts its revisions from there.
TEST_P(StoreContract, DeletionIsATombstoneAlsoIfTheBackendAcknowledgesAnOldRevision) {
  Do(HistoryOf("A", 1, 2));
  ASSERT_TRUE(Act("A", IdOf("A", 2), EditMessage{"edited"}));
  Do(AcknowledgeChange{ChangeOf(IdOf("A", 2)).position, 5});
  ASSERT_TRUE(Act("A", IdOf("A", 2), DeleteMessage{}));
  Do(AcknowledgeChange{ChangeOf(IdOf("A", 2)).position, 2});
  const Message gone = Page("A").messages[1];
  EXPECT_TRUE(gone.deleted);
  EXPECT_EQ(gone.content, "");
  EXPECT_EQ(gone.revision, 5U);
  EXPECT_EQ(Get("A").message_count, 1U);
}

TEST_P(StoreContract, DeletionIsFinalAlsoAtARevisionThatIsOldHere) {
  Do(ApplyMessage{BackendMessage("A", 1, 5)});
  Do(ApplyMessage{BackendMessage("A", 1, 2)});
  EXPECT_FALSE(Page("A").messages[0].deleted);
  TakeCommits();
  Do(ApplyMessage{Tombstone(BackendMessage("A", 1, 2))});
  EXPECT_TRUE(Page("A").messages[0].deleted);
  EXPECT_EQ(Page("A").messages[0].revision, 5U);
  EXPECT_THAT(TakeCommits(), SizeIs(1));
  Do(ApplyMessage{Tombstone(BackendMessage("A", 1, 2))});
  EXPECT_THAT(TakeCommits(), ElementsAre());
}

TEST_P(StoreContract, TombstoneKeepsItsPlaceAndHasNoContent) {
  Do(HistoryOf("A", 1, 3));
  Message tombstone = BackendMessage("A", 2, 2);
  tombstone.deleted = true;  // With content: not to be kept.
  Do(ApplyMessage{tombstone});
  const MessagePage page = Page("A");
  ASSERT_EQ(page.messages.size(), 3U);
  EXPECT_TRUE(page.messages[1].deleted);
  EXPECT_EQ(page.messages[1].content, "");
  EXPECT_EQ(page.total_count, 2U);
}

TEST_P(StoreContract, MessageLeavesAHoleAsAGap) {
  Do(HistoryOf("A", 1, 3));
  Do(ApplyMessage{BackendMessage("A", 7)});
  EXPECT_EQ(Page("A").gap_before, (Gap{ConversationId("A"), 4, 6, GapReason::kLimited}));
  EXPECT_EQ(Get("A").message_count, 7U);
  EXPECT_FALSE(Get("A").complete);
  Do(HistoryOf("A", 4, 6));
  EXPECT_TRUE(Get("A").complete);
  EXPECT_EQ(Get("A").message_count, 7U);
}

TEST_P(StoreContract, MessageOfAnUnknownConversationCreatesIt) {
  Do(ApplyMessage{BackendMessage("A", 3)});
  const Conversation conversation = Get("A");
  EXPECT_EQ(conversation.last_sequence, 3U);
  EXPECT_EQ(conversation.last_activity_at, TimeOf(3));
  EXPECT_EQ(conversation.preview, "text 3 of A");
  EXPECT_EQ(Page("A").gap_before, (Gap{ConversationId("A"), 1, 2, GapReason::kLimited}));
}

TEST_P(StoreContract, HistoryClosesWhatItSpeaksForAndNoMore) {
  Do(SummaryOf("A", 10));
  ApplyHistory page = HistoryOf("A", 8, 10);
  page.asked_from = 1;
  Do(page);
  EXPECT_EQ(Page("A").gap_before, (Gap{ConversationId("A"), 1, 7, GapReason::kNotFetched}));
}

TEST_P(StoreContract, AskedRangeThatTheBackendNoLongerHasIsClosed) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 6, 10));
  ApplyHistory nothing;
  nothing.conversation = ConversationId("A");
  nothing.asked_from = 1;
  nothing.asked_to = 5;
  Do(nothing);
  EXPECT_TRUE(Get("A").complete);
  EXPECT_EQ(Page("A").messages.size(), 5U);
  EXPECT_FALSE(Page("A").has_more);
}

TEST_P(StoreContract, AnyOrderAndRepetitionEndsInTheSameRows) {
  const std::vector<Operation> changes = {
      SummaryOf("A", 8, GapReason::kNotFetched, 2),
      ApplyMessage{BackendMessage("A", 8)},
      ApplyMessage{Tombstone(BackendMessage("A", 7, 3))},
      HistoryOf("A", 1, 4),
      HistoryOf("A", 3, 8),
  };
  std::vector<std::size_t> order(changes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  int conversation = 0;
  std::optional<std::pair<std::vector<Message>, Conversation>> expected;
  do {
    const std::string id = "A" + std::to_string(++conversation);
    const auto renamed = [&id](Message message) {
      message.id = MessageId(id + message.id.value().substr(1));
      message.server_id = message.id.value();
      message.conversation = ConversationId(id);
      return message;
    };
    std::vector<Operation> batch;
    for (const std::size_t i : order) {
      Operation operation = changes[i];
      if (auto* summary = std::get_if<ApplySummary>(&operation))
        summary->summary.id = ConversationId(id);
      if (auto* message = std::get_if<ApplyMessage>(&operation))
        message->message = renamed(message->message);
      if (auto* page = std::get_if<ApplyHistory>(&operation)) {
        page->conversation = ConversationId(id);
        for (Message& message : page->messages) message = renamed(message);
      }
      batch.push_back(operation);
      if (i % 2 == 0) batch.push_back(std::move(operation));
    }
    ASSERT_TRUE(Apply(std::move(batch)));
    std::vector<Message> messages = Page(id).messages;
    for (Message& message : messages) {
      message.id = MessageId(message.id.value().substr(id.size()));
      message.server_id.clear();
      message.conversation = ConversationId();
    }
    Conversation merged = Get(id);
    merged.id = ConversationId();
    if (!expected) expected.emplace(messages, merged);
    ASSERT_EQ(messages, expected->first) << "order " << conversation;
    ASSERT_EQ(merged, expected->second) << "order " << conversation;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(expected->first.size(), 8U);
  EXPECT_EQ(expected->second.message_count, 7U);
  EXPECT_EQ(expected->second.unread_count, 3U);
}

TEST_P(StoreContract, MessageTogetherWithItsSummaryIsCountedOnce) {
  Do(HistoryOf("A", 1, 3));
  Do(SummaryOf("A", 3));
  Do(ApplyMessage{BackendMessage("A", 4)});
  Do(SummaryOf("A", 4));
  EXPECT_EQ(Get("A").message_count, 4U);
  EXPECT_EQ(Get("A").unread_count, 2U);
}

TEST_P(StoreContract, MessageBeyondTheSummaryIsCountedInAnIncompleteConversation) {
  Do(SummaryOf("A", 10));
  Do(ApplyMessage{BackendMessage("A", 11)});
  Do(ApplyMessage{BackendMessage("A", 12)});
  EXPECT_EQ(Get("A").message_count, 12U);
  EXPECT_EQ(Get("A").unread_count, 6U);
  Do(SummaryOf("A", 12));
  EXPECT_EQ(Get("A").message_count, 12U);
  EXPECT_EQ(Get("A").unread_count, 6U);
}

TEST_P(StoreContract, ListEntryFollowsTheNewestMessageThatIsHere) {
  Do(SummaryOf("A", 2));
  Do(HistoryOf("A", 1, 2));
  Do(ApplyMessage{BackendMessage("A", 2, 4)});
  EXPECT_EQ(Get("A").preview, BackendMessage("A", 2, 4).content);
  Do(ApplyMessage{Tombstone(BackendMessage("A", 2, 5))});
  EXPECT_EQ(Get("A").preview, BackendMessage("A", 1).content);
  EXPECT_EQ(Get("A").last_activity_at, TimeOf(2));
}

TEST_P(StoreContract, WhatNoBackendMaySayIsRefusedAndLeavesNothing) {
  Message without_sequence = BackendMessage("A", 1);
  without_sequence.sequence = 0;
  EXPECT_EQ(Apply({SummaryOf("A", 4), ApplyMessage{without_sequence}}).error().code,
            ErrorCode::kInvalidArgument);
  Message without_id = BackendMessage("A", 1);
  without_id.id = MessageId();
  EXPECT_EQ(Apply({ApplyMessage{without_id}}).error().code, ErrorCode::kInvalidArgument);
  ConversationSummary huge = Summary("A", 1);
  huge.last_sequence = UINT64_MAX;
  EXPECT_EQ(Apply({ApplySummary{huge, GapReason::kNotFetched}}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(ListIds(), ElementsAre());
  EXPECT_THAT(TakeCommits(), ElementsAre());
}

// Or what is missing in all could not be added up any more.
TEST_P(StoreContract, ManyConversationsOfTheLargestSizeAreStillPlanned) {
  for (int i = 0; i < 1'100; ++i) {
    ConversationSummary huge = Summary("c" + std::to_string(i), 1);
    huge.last_sequence = kMaxSequence;
    Do(ApplySummary{huge, GapReason::kNotFetched});
  }
  EXPECT_THAT(Plan({}, 1).items, testing::SizeIs(1));
  Do(BeginReconcile{});
  Do(SummaryOf("A", 4));
  EXPECT_GE(Plan({}, 1).missing, 4U);
}

TEST_P(StoreContract, BatchIsAppliedAsAWhole) {
  Message bad = BackendMessage("B", 1);
  bad.sequence = 0;
  ASSERT_FALSE(Apply({HistoryOf("A", 1, 3), SetCursor{{"epoch", 5}}, ApplyMessage{bad}}));
  EXPECT_THAT(ListIds(), ElementsAre());
  EXPECT_FALSE(reader().ReadSyncState()->cursor);
}

}  // namespace
}  // namespace hark::store
