// The outbox through the SDK, against a fake daemon on a real Unix socket.

#include "hark/outbox.h"

#include <chrono>
#include <string>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

class SdkOutboxTest : public FakeDaemonTest {
 protected:
  SdkOutboxTest() { daemon_.Put(test::MakeConversation("c1", "First")); }

  ErrorCode Fault(const ListOutboxRequest& request) {
    const Result<OutboxPage> page = client_->ListOutbox(request);
    return page ? ErrorCode::kInternal : page.error().code;
  }
};

TEST_F(SdkOutboxTest, AnEntrySaysAllOfIt) {
  v1::OutboxEntry entry =
      test::MakeOutboxEntry("c1", "m1", v1::DELIVERY_STATE_FAILED, "the beginning");
  entry.mutable_failure()->set_reason("PERMISSION");
  entry.mutable_failure()->set_can_retry(true);
  entry.set_skipped(true);
  entry.set_preview_cut(true);
  daemon_.Put(entry);
  v1::OutboxEntry deletion = test::MakeOutboxEntry("c9", "m9", v1::DELIVERY_STATE_UNKNOWN, "");
  deletion.set_kind(v1::OutboxEntry::KIND_DELETE);
  deletion.set_message_is_here(false);
  daemon_.Put(deletion);
  entry.set_kind(static_cast<v1::OutboxEntry::Kind>(99));
  daemon_.Put(entry);

  const Result<OutboxPage> page = client_->ListOutbox();
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->total_count, 3U);
  EXPECT_EQ(page->next_page_token, "");
  ASSERT_EQ(page->entries.size(), 3U);
  const OutboxEntry& first = page->entries[0];
  EXPECT_EQ(first.position, 1U);
  EXPECT_EQ(first.kind, OutboxEntry::Kind::kSend);
  EXPECT_EQ(first.conversation_id, "c1");
  EXPECT_EQ(first.message_id, "m1");
  EXPECT_EQ(first.delivery, Delivery::kFailed);
  ASSERT_TRUE(first.failure);
  EXPECT_EQ(first.failure->reason, "PERMISSION");
  EXPECT_TRUE(first.failure->can_retry);
  EXPECT_TRUE(first.skipped);
  EXPECT_EQ(first.submitted_at, Time(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(first.content_type, "text/plain");
  EXPECT_EQ(first.preview, "the beginning");
  EXPECT_TRUE(first.preview_cut);
  EXPECT_TRUE(first.message_is_here);
  EXPECT_EQ(page->entries[1].kind, OutboxEntry::Kind::kDelete);
  EXPECT_EQ(page->entries[1].delivery, Delivery::kUnanswered);
  EXPECT_FALSE(page->entries[1].failure);
  EXPECT_FALSE(page->entries[1].message_is_here);
  EXPECT_EQ(page->entries[2].kind, OutboxEntry::Kind::kUnknown);
  EXPECT_EQ(ToString(page->entries[2].kind), "unknown");
}

TEST_F(SdkOutboxTest, PagesFollowEachOtherWithTheWholeRequest) {
  for (int i = 1; i <= 5; ++i) {
    daemon_.Put(
        test::MakeOutboxEntry("c1", "m" + std::to_string(i), v1::DELIVERY_STATE_EXPIRED, "text"));
    daemon_.Put(test::MakeOutboxEntry("c1", "q", v1::DELIVERY_STATE_QUEUED, "text"));
  }
  ListOutboxRequest request;
  request.conversation_id = "c1";
  request.failed_only = true;
  request.page_size = 2;
  std::vector<std::string> ids;
  do {
    const Result<OutboxPage> page = client_->ListOutbox(request);
    ASSERT_TRUE(page.ok());
    for (const OutboxEntry& entry : page->entries) ids.push_back(entry.message_id);
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty() && ids.size() < 10);
  EXPECT_EQ(ids, (std::vector<std::string>{"m1", "m2", "m3", "m4", "m5"}));
  EXPECT_EQ(daemon_.outbox_requests().size(), 3U);
}

TEST_F(SdkOutboxTest, BadArgumentsNeverLeave) {
  ListOutboxRequest request;
  request.page_size = kMaxPageSize + 1;
  EXPECT_EQ(Fault(request), ErrorCode::kInvalidArgument);
  request = {};
  request.conversation_id = "\xFF";
  EXPECT_EQ(Fault(request), ErrorCode::kInvalidArgument);
  request = {};
  request.page_token = "\xFF";
  EXPECT_EQ(Fault(request), ErrorCode::kInvalidArgument);
  EXPECT_EQ(daemon_.Calls("ListOutbox"), 0);
}

TEST_F(SdkOutboxTest, WhatTheDaemonRefusesIsSaid) {
  ListOutboxRequest request;
  request.conversation_id = "none";
  EXPECT_EQ(Fault(request), ErrorCode::kNotFound);
  daemon_.FailNext("ListOutbox", grpc::StatusCode::UNIMPLEMENTED, "");
  EXPECT_EQ(Fault({}), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace hark::client
