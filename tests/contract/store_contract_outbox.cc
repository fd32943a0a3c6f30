// The outbox as a person is shown it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const DeliveryFailure kRefused{"REFUSED", "No.", true, std::chrono::milliseconds(1500)};

OutboxPage List(Reader& reader, const OutboxQuery& query = {}) {
  auto page = reader.ListOutbox(query);
  EXPECT_TRUE(page) << page.error().message;
  return page ? *std::move(page) : OutboxPage();
}

OutboxQuery Stopped() {
  OutboxQuery query;
  query.stopped = true;
  return query;
}

std::vector<std::string> Previews(const OutboxPage& page) {
  std::vector<std::string> previews;
  previews.reserve(page.items.size());
  for (const OutboxItem& item : page.items) previews.push_back(item.preview);
  return previews;
}

std::vector<Delivery> DeliveriesOf(const OutboxPage& page) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(page.items.size());
  for (const OutboxItem& item : page.items) deliveries.push_back(item.entry.delivery);
  return deliveries;
}

TEST_P(StoreContract, OutboxIsListedInSubmitOrderOverAllConversations) {
  Do(HistoryOf("A", 1, 3));
  Do(SummaryOf("B", 0));
  EXPECT_THAT(List(reader()).items, IsEmpty());
  Message note = UserMessage("B", 1, "sent to B");
  note.content_type = "text/markdown";
  ASSERT_TRUE(Send(note));
  clock().now += std::chrono::hours(1);
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"edited in A"}));
  ASSERT_TRUE(Act("A", IdOf("A", 2), DeleteMessage{}));
  ASSERT_TRUE(MarkRead("A"));
  ASSERT_TRUE(Send(UserMessage("A", 2, "sent to A")));
  store().Reopen();

  const OutboxPage page = List(reader());
  EXPECT_THAT(Previews(page), ElementsAre("sent to B", "edited in A", "", "sent to A"));
  EXPECT_EQ(page.total_count, 4U);
  EXPECT_FALSE(page.next);
  EXPECT_EQ(page.revision, reader().CurrentRevision());
  ASSERT_THAT(page.items, SizeIs(4));
  EXPECT_EQ(page.items[0].content_type, "text/markdown");
  EXPECT_EQ(page.items[1].entry, ChangeOf(IdOf("A", 1)));
  EXPECT_EQ(page.items[1].entry.submitted_at, clock().now);
  EXPECT_EQ(page.items[2].entry.kind, OutboxKind::kDelete);
  EXPECT_EQ(page.items[2].entry.message.value(), IdOf("A", 2));
  EXPECT_EQ(page.items[3].entry.position, PositionOf(2));
  for (const OutboxItem& item : page.items) {
    EXPECT_TRUE(item.message_is_here);
    EXPECT_FALSE(item.failure);
    EXPECT_FALSE(item.preview_cut);
  }
}

TEST_P(StoreContract, OutboxOfOneConversationIsListedAlone) {
  Do(HistoryOf("A", 1, 1));
  Do(SummaryOf("B", 0));
  Do(SummaryOf("C", 0));
  ASSERT_TRUE(Send(UserMessage("B", 1, "b")));
  ASSERT_TRUE(Send(UserMessage("A", 2, "a")));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"edited"}));
  OutboxQuery query;
  query.conversation = ConversationId("A");
  EXPECT_THAT(Previews(List(reader(), query)), ElementsAre("a", "edited"));
  EXPECT_EQ(List(reader(), query).total_count, 2U);
  query.conversation = ConversationId("C");
  EXPECT_THAT(List(reader(), query).items, IsEmpty());
  query.conversation = ConversationId("none");
  EXPECT_EQ(reader().ListOutbox(query).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, OutboxPagesFollowEachOther) {
  Do(SummaryOf("A", 0));
  Do(SummaryOf("B", 0));
  std::vector<std::string> sent;
  for (int i = 1; i <= 7; ++i) {
    sent.push_back("message " + std::to_string(i));
    ASSERT_TRUE(Send(UserMessage(i % 2 == 0 ? "A" : "B", i, sent.back())));
  }
  for (const std::uint32_t limit : {1U, 2U, 3U, 6U, 7U, 8U}) {
    SCOPED_TRACE(limit);
    OutboxQuery query;
    query.limit = limit;
    std::vector<std::string> listed;
    for (std::size_t pages = 1;; ++pages) {
      const OutboxPage page = List(reader(), query);
      EXPECT_EQ(page.total_count, sent.size());
      EXPECT_LE(page.items.size(), limit);
      for (const std::string& preview : Previews(page)) listed.push_back(preview);
      EXPECT_EQ(page.next.has_value(), listed.size() < sent.size());
      if (!page.next || pages > sent.size()) break;
      query.after = *page.next;
    }
    EXPECT_EQ(listed, sent);
  }
}

TEST_P(StoreContract, OutboxListSaysWhatStoppedAndWhy) {
  Do(HistoryOf("A", 1, 1));
  Do(SummaryOf("B", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "refused")));
  ASSERT_TRUE(Send(UserMessage("A", 2, "behind it")));
  ASSERT_TRUE(Send(UserMessage("B", 3, "too old")));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"edit"}));
  const OutboxEntry edit = ChangeOf(IdOf("A", 1));
  EXPECT_THAT(List(reader(), Stopped()).items, IsEmpty());
  Do(MarkSending{{PositionOf(1), edit.position}});
  EXPECT_THAT(DeliveriesOf(List(reader())), ElementsAre(Delivery::kSending, Delivery::kQueued,
                                                        Delivery::kQueued, Delivery::kSending));
  Do(FailEntry{PositionOf(1), kRefused});
  Do(ExpireEntries{{PositionOf(3)}});
  Do(ConnectionLost{});
  EXPECT_THAT(DeliveriesOf(List(reader())), ElementsAre(Delivery::kFailed, Delivery::kQueued,
                                                        Delivery::kExpired, Delivery::kUnknown));
  Do(FailEntry{edit.position, {"CONFLICT", "They were first."}});

  const OutboxPage page = List(reader(), Stopped());
  ASSERT_THAT(Previews(page), ElementsAre("refused", "too old", "edit"));
  EXPECT_EQ(page.total_count, 3U);
  EXPECT_EQ(page.items[0].failure, kRefused);
  EXPECT_FALSE(page.items[1].failure);
  ASSERT_TRUE(page.items[2].failure);
  EXPECT_EQ(page.items[2].failure->reason, "CONFLICT");
  EXPECT_FALSE(page.items[0].entry.skipped);
  ASSERT_TRUE(Act("A", UuidOf(1), SkipMessage{}));
  EXPECT_TRUE(List(reader(), Stopped()).items[0].entry.skipped);
  ASSERT_TRUE(Act("A", IdOf("A", 1), RetryMessage{}));
  EXPECT_THAT(Previews(List(reader(), Stopped())), ElementsAre("refused", "too old"));
  EXPECT_EQ(List(reader()).total_count, 4U);
}

TEST_P(StoreContract, OutboxListShowsTheBeginningOfALongText) {
  Do(SummaryOf("A", 0));
  std::string exact;
  for (std::size_t i = 0; i < limits::kPreviewCharacters; ++i) exact += "é";
  ASSERT_TRUE(Send(UserMessage("A", 1, exact)));
  ASSERT_TRUE(Send(UserMessage("A", 2, exact + "é")));
  const OutboxPage page = List(reader());
  EXPECT_THAT(Previews(page), ElementsAre(exact, exact));
  EXPECT_FALSE(page.items[0].preview_cut);
  EXPECT_TRUE(page.items[1].preview_cut);
}

// What was acknowledged may still lie in authored.db for a while.
TEST_P(StoreContract, OutboxListLeavesOutWhatIsAtTheBackend) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 6; ++i) ASSERT_TRUE(Send(UserMessage("A", i, std::to_string(i))));
  for (int i = 1; i <= 3; ++i) {
    Do(MarkSending{{PositionOf(i)}});
    Do(AcknowledgeSend{MessageId(UuidOf(i)), "", static_cast<Sequence>(i), 1});
  }
  OutboxQuery query;
  query.limit = 2;
  OutboxPage page = List(reader(), query);
  EXPECT_THAT(Previews(page), ElementsAre("4", "5"));
  EXPECT_EQ(page.total_count, 3U);
  ASSERT_TRUE(page.next);
  query.after = *page.next;
  page = List(reader(), query);
  EXPECT_THAT(Previews(page), ElementsAre("6"));
  EXPECT_FALSE(page.next);
}

TEST_P(StoreContract, OutboxListKnowsWhetherTheMessageOfAChangeIsHere) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  ASSERT_TRUE(Send(UserMessage("A", 2, "under way")));
  Do(MarkSending{{PositionOf(1), PositionOf(2)}});
  // One edit waits for its message's acknowledgement, one message is taken back while it leaves.
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"better"}));
  ASSERT_TRUE(Act("A", UuidOf(2), CancelMessage{}));
  const OutboxPage page = List(reader());
  ASSERT_THAT(Previews(page), ElementsAre("hello", "better", ""));
  EXPECT_TRUE(page.items[1].message_is_here);
  EXPECT_EQ(page.items[2].entry.kind, OutboxKind::kDelete);
  EXPECT_EQ(page.items[2].entry.message.value(), UuidOf(2));
  EXPECT_FALSE(page.items[2].message_is_here);
}

}  // namespace
}  // namespace hark::store
