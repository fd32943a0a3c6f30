// ListOutbox over a real socket: what is asked of the store, and what becomes of its answer.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

store::OutboxItem Item(std::uint64_t position, OutboxKind kind) {
  store::OutboxItem item;
  item.entry.position = position;
  item.entry.kind = kind;
  item.entry.conversation = ConversationId("c");
  item.entry.message = MessageId("m");
  item.entry.submitted_at = WallTime(std::chrono::milliseconds(1'700'000'000'250));
  return item;
}

class OutboxTest : public ServerTest {
 protected:
  grpc::Status List(const v1::ListOutboxRequest& request = {}) {
    grpc::ClientContext context;
    listed_.Clear();
    return stub_->ListOutbox(&context, request, &listed_);
  }

  v1::ListOutboxResponse listed_;
  std::unique_ptr<v1::Messages::Stub> stub_ = v1::Messages::NewStub(channel_);
};

TEST_F(OutboxTest, EntriesAreTranslated) {
  store::OutboxPage page;
  page.items = {Item(3, OutboxKind::kSend), Item(5, OutboxKind::kEdit),
                Item(8, OutboxKind::kDelete)};
  store::OutboxItem& send = page.items[0];
  send.entry.delivery = Delivery::kFailed;
  send.entry.skipped = true;
  send.failure = DeliveryFailure{"TOO_LARGE", "It is too large.", true, std::chrono::seconds(2)};
  send.preview = "the beginning";
  send.preview_cut = true;
  page.items[1].entry.delivery = Delivery::kUnknown;
  page.items[1].content_type = "text/markdown";
  page.items[2].entry.delivery = Delivery::kExpired;
  page.items[2].message_is_here = false;
  page.total_count = 41;
  page.revision = 12;
  ada_->SetOutbox(page);

  ASSERT_TRUE(List().ok());
  ASSERT_EQ(listed_.entries_size(), 3);
  const v1::OutboxEntry& first = listed_.entries(0);
  EXPECT_EQ(first.position(), 3U);
  EXPECT_EQ(first.kind(), v1::OutboxEntry::KIND_SEND);
  EXPECT_EQ(first.conversation_id(), "c");
  EXPECT_EQ(first.message_id(), "m");
  EXPECT_EQ(first.delivery(), v1::DELIVERY_STATE_FAILED);
  EXPECT_EQ(first.failure().reason(), "TOO_LARGE");
  EXPECT_EQ(first.failure().message(), "It is too large.");
  EXPECT_TRUE(first.failure().can_retry());
  EXPECT_EQ(first.failure().retry_after_ms(), 2'000U);
  EXPECT_TRUE(first.skipped());
  EXPECT_EQ(first.submitted_at().seconds(), 1'700'000'000);
  EXPECT_EQ(first.submitted_at().nanos(), 250'000'000);
  EXPECT_EQ(first.content_type(), "text/plain");
  EXPECT_EQ(first.preview(), "the beginning");
  EXPECT_TRUE(first.preview_cut());
  EXPECT_TRUE(first.message_is_here());
  EXPECT_EQ(listed_.entries(1).kind(), v1::OutboxEntry::KIND_EDIT);
  EXPECT_EQ(listed_.entries(1).delivery(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(listed_.entries(1).content_type(), "text/markdown");
  EXPECT_FALSE(listed_.entries(1).has_failure());
  EXPECT_EQ(listed_.entries(2).kind(), v1::OutboxEntry::KIND_DELETE);
  EXPECT_EQ(listed_.entries(2).delivery(), v1::DELIVERY_STATE_EXPIRED);
  EXPECT_EQ(listed_.entries(2).content_type(), "");
  EXPECT_FALSE(listed_.entries(2).message_is_here());
  EXPECT_EQ(listed_.next_page_token(), "");
  EXPECT_EQ(listed_.total_count(), 41U);
  EXPECT_EQ(listed_.freshness().revision(), 12U);
}

TEST_F(OutboxTest, WhatIsAskedForReachesTheStore) {
  store::OutboxPage page;
  page.next = 77;
  ada_->SetOutbox(page);
  ASSERT_TRUE(List().ok());
  v1::ListOutboxRequest next;
  next.set_page_token(listed_.next_page_token());
  next.set_conversation_id("c");
  next.set_failed_only(true);
  next.set_page_size(200);
  ASSERT_TRUE(List(next).ok());
  ASSERT_EQ(ada_->outbox_queries().size(), 2U);
  const store::OutboxQuery first = ada_->outbox_queries()[0];
  EXPECT_FALSE(first.conversation);
  EXPECT_FALSE(first.stopped);
  EXPECT_EQ(first.after, 0U);
  EXPECT_EQ(first.limit, limits::kDefaultPageSize);
  const store::OutboxQuery second = ada_->outbox_queries()[1];
  EXPECT_EQ(second.conversation, ConversationId("c"));
  EXPECT_TRUE(second.stopped);
  EXPECT_EQ(second.after, 77U);
  EXPECT_EQ(second.limit, 200U);
}

TEST_F(OutboxTest, BadRequestsAreRefused) {
  v1::ListOutboxRequest request;
  request.set_page_size(201);
  EXPECT_EQ(List(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = {};
  request.set_conversation_id(std::string(129, 'x'));
  EXPECT_EQ(List(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = {};
  request.set_page_token("c1.1.61");
  EXPECT_EQ(List(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(ada_->outbox_queries().empty());
}

TEST_F(OutboxTest, ErrorsAreTold) {
  ada_->SetOutbox(Fail(ErrorCode::kNotFound, "no such conversation"));
  EXPECT_EQ(List().error_code(), grpc::StatusCode::NOT_FOUND);
  accounts_.Forget();
  EXPECT_EQ(ReasonOf(List()), "NOT_SIGNED_IN");
}

// The largest page that there can be.
TEST_F(OutboxTest, AFullPageIsFarBelowTheLimitOfAnAnswer) {
  store::OutboxItem item = Item(9'000'000'000'000'000'000U, OutboxKind::kSend);
  item.entry.conversation = ConversationId(std::string(limits::kIdBytes, 'c'));
  item.entry.message = MessageId(std::string(limits::kIdBytes, 'm'));
  item.content_type = std::string(255, 't');
  for (std::size_t i = 0; i < limits::kPreviewCharacters; ++i) item.preview += "\U0001F600";
  item.failure = DeliveryFailure{"UNSUPPORTED", std::string(200, 's'), true, {}};
  store::OutboxPage page;
  page.items.assign(limits::kPageSize, item);
  ada_->SetOutbox(page);
  ASSERT_TRUE(List().ok());
  EXPECT_EQ(listed_.entries_size(), 200);
  EXPECT_LT(listed_.ByteSizeLong(), limits::kLocalMessageBytes / 8);
}

}  // namespace
}  // namespace hark::ipc
