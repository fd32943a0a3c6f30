// The conversation list, sync state, active conversations and statistics.

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, ListIsOrderedByActivityThenIdNewestFirst) {
  Do(SummaryOf("A", 5));
  Do(SummaryOf("C", 9));
  Do(SummaryOf("B", 9));
  Do(SummaryOf("D", 1));
  EXPECT_THAT(ListIds(), ElementsAre("C", "B", "A", "D"));
  const auto page = reader().ListConversations({std::nullopt, 3});
  EXPECT_EQ(page->total_count, 4U);
  EXPECT_EQ(page->conversations.size(), 3U);
  EXPECT_EQ(page->next, (ListPosition{TimeOf(5), ConversationId("A")}));
  EXPECT_FALSE(reader().ListConversations({std::nullopt, 4})->next);
  EXPECT_EQ(reader().ListConversations({std::nullopt, 0})->conversations.size(), 1U);
}

TEST_P(StoreContract, ListShowsWhatGetShows) {
  Do(SummaryOf("A", 5));
  Do(HistoryOf("B", 1, 3));
  ASSERT_TRUE(Send(UserMessage("B", 1, "pending")));
  const auto page = reader().ListConversations({});
  ASSERT_EQ(page->conversations.size(), 2U);
  for (const Conversation& conversation : page->conversations) {
    EXPECT_EQ(conversation, Get(conversation.id.value()));
  }
}

TEST_P(StoreContract, PendingMessagesMoveAConversationUp) {
  Do(SummaryOf("A", 5));
  Do(SummaryOf("B", 9));
  const Message message = UserMessage("A", 1, "new text");
  ASSERT_TRUE(Send(message));
  EXPECT_THAT(ListIds(), ElementsAre("A", "B"));
  const Conversation conversation = Get("A");
  EXPECT_EQ(conversation.last_activity_at, message.created_at);
  EXPECT_EQ(conversation.preview, "new text");
  EXPECT_EQ(conversation.message_count, 6U);
  EXPECT_EQ(conversation.pending_count, 1U);
  EXPECT_EQ(conversation.failed_count, 0U);

  Do(FailEntry{Outbox().back().position, {"TOO_LARGE", "It is too large."}});
  EXPECT_EQ(Get("A").pending_count, 1U);
  EXPECT_EQ(Get("A").failed_count, 1U);

  Do(AcknowledgeSend{message.id, "", 6, 1});
  EXPECT_EQ(Get("A").pending_count, 0U);
  EXPECT_EQ(Get("A").message_count, 6U);
  EXPECT_EQ(Get("A").last_activity_at, message.created_at);
  EXPECT_THAT(ListIds(), ElementsAre("A", "B"));
}

TEST_P(StoreContract, TitleAndPreviewAreCut) {
  ConversationSummary summary = Summary("A", 1);
  summary.title = std::string(2 * limits::kTitleBytes, 't');
  summary.preview = std::string(500, 'p');
  Do(ApplySummary{summary, GapReason::kNotFetched});
  EXPECT_EQ(Get("A").title.size(), limits::kTitleBytes);
  EXPECT_EQ(Get("A").preview.size(), limits::kPreviewCharacters);
}

TEST_P(StoreContract, OpenedConversationsAreActiveForAWhile) {
  Do(SummaryOf("A", 1));
  Do(SummaryOf("B", 1));
  const WallTime start = clock().now;
  ASSERT_TRUE(Open("A", start));
  ASSERT_TRUE(Open("B", start + std::chrono::seconds(1)));
  EXPECT_EQ(Open("none", start).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(*reader().ActiveConversations(start, 10),
              ElementsAre(ConversationId("B"), ConversationId("A")));
  EXPECT_THAT(*reader().ActiveConversations(start, 1), ElementsAre(ConversationId("B")));
  EXPECT_THAT(*reader().ActiveConversations(start + std::chrono::milliseconds(1), 10),
              ElementsAre(ConversationId("B")));
  EXPECT_TRUE(Get("A").active);
  clock().now = start + limits::kActiveFor + std::chrono::milliseconds(1);
  EXPECT_FALSE(Get("A").active);
  EXPECT_TRUE(Get("B").active);
  ASSERT_TRUE(Open("A", clock().now));
  EXPECT_TRUE(Get("A").active);
  store().Reopen();
  EXPECT_TRUE(Get("A").active);
}

TEST_P(StoreContract, SyncStateIsKept) {
  EXPECT_FALSE(reader().ReadSyncState()->cursor);
  EXPECT_FALSE(reader().ReadSyncState()->last_synced_at);
  EXPECT_FALSE(reader().ReadSyncState()->initial_sync_done);
  Do(SetCursor{{"epoch", 7}});
  Do(SetSynced{TimeOf(1), true});
  Do(SetSynced{TimeOf(2), false});
  store().Reopen();
  const auto state = reader().ReadSyncState();
  EXPECT_EQ(state->cursor, (SyncCursor{"epoch", 7}));
  EXPECT_EQ(state->last_synced_at, TimeOf(2));
  EXPECT_TRUE(state->initial_sync_done);
}

TEST_P(StoreContract, StatisticsCountRows) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 8, 10));
  Do(HistoryOf("B", 1, 2));
  Do(ApplyMessage{Tombstone(BackendMessage("B", 2, 2))});
  ASSERT_TRUE(Send(UserMessage("B", 1, "pending")));
  ASSERT_TRUE(MarkRead("B"));
  const auto statistics = reader().Statistics();
  EXPECT_EQ(statistics->conversations, 2U);
  EXPECT_EQ(statistics->messages, 5U);
  EXPECT_EQ(statistics->outbox, 2U);
  EXPECT_EQ(statistics->gaps, 1U);
  EXPECT_GT(statistics->cache_bytes, 0U);
  EXPECT_GT(statistics->authored_bytes, 0U);
}

TEST_P(StoreContract, EverythingIsThereAfterReopening) {
  Do(SummaryOf("A", 10, GapReason::kLimited, 4));
  Do(HistoryOf("A", 8, 10));
  ASSERT_TRUE(Send(UserMessage("A", 1, "pending")));
  ASSERT_TRUE(MarkRead("A", IdOf("A", 9)));
  const auto messages = Page("A").messages;
  const Conversation conversation = Get("A");
  const auto outbox = Outbox();
  const std::string id = reader().StoreId();
  store().Reopen();
  EXPECT_EQ(Page("A").messages, messages);
  EXPECT_EQ(Get("A"), conversation);
  EXPECT_EQ(Outbox(), outbox);
  EXPECT_EQ(reader().StoreId(), id);
}

TEST_P(StoreContract, ClosedStoreAnswersCancelled) {
  Do(SummaryOf("A", 1));
  store().Close();
  EXPECT_EQ(reader().ReadPage({ConversationId("A"), std::nullopt, 50}).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(reader().ListConversations({}).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(Apply({SetCursor{{"epoch", 1}}}).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(Send(UserMessage("A", 1, "late")).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(MarkRead("A").error().code, ErrorCode::kCancelled);
  EXPECT_EQ(Open("A", TimeOf(1)).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace hark::store
