// hark.v1.Messages over a real socket: pages and sending.

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

constexpr const char* kUuid = "0190a6f0-0000-7000-8000-000000000001";

class MessagesTest : public ServerTest {
 protected:
  MessagesTest() { ada_->AddConversation("c", "title"); }

  void Add(int count, std::size_t bytes = 5) {
    std::vector<Message> messages;
    for (int i = 0; i < count; ++i) {
      messages.push_back(
          FakeAccount::SentMessage("m" + std::to_string(++added_), std::string(bytes, 'x')));
    }
    ada_->AddMessages("c", std::move(messages));
  }

  grpc::Status List(const v1::ListMessagesRequest& request) {
    grpc::ClientContext context;
    page_.Clear();
    return stub_->ListMessages(&context, request, &page_);
  }

  grpc::Status Send(const v1::SendMessageRequest& request, v1::SendMessageResponse* response) {
    grpc::ClientContext context;
    return stub_->SendMessage(&context, request, response);
  }

  static v1::ListMessagesRequest PageOf(std::uint32_t size, const std::string& before = "") {
    v1::ListMessagesRequest request;
    request.set_conversation_id("c");
    request.set_page_size(size);
    request.set_before_message_id(before);
    return request;
  }

  static v1::SendMessageRequest Text(const std::string& text, const std::string& id = "") {
    v1::SendMessageRequest request;
    request.set_conversation_id("c");
    request.set_content(text);
    request.set_id(id);
    return request;
  }

  int added_ = 0;
  v1::ListMessagesResponse page_;
  std::unique_ptr<v1::Messages::Stub> stub_ = v1::Messages::NewStub(channel_);
};

TEST_F(MessagesTest, PagesGoBackFromTheNewest) {
  Add(5);
  ASSERT_TRUE(List(PageOf(3)).ok());
  ASSERT_EQ(page_.messages_size(), 3);
  EXPECT_EQ(page_.messages(0).id(), "m3");
  EXPECT_EQ(page_.messages(2).id(), "m5");
  EXPECT_TRUE(page_.has_more());
  EXPECT_EQ(page_.total_count(), 5U);

  ASSERT_TRUE(List(PageOf(3, "m3")).ok());
  ASSERT_EQ(page_.messages_size(), 2);
  EXPECT_EQ(page_.messages(0).id(), "m1");
  EXPECT_FALSE(page_.has_more());
  EXPECT_EQ(metrics_.page_hits, 2U);
  EXPECT_EQ(metrics_.page_read.Summarise().count, 2U);
}

TEST_F(MessagesTest, WrongRequestsAreRefused) {
  EXPECT_EQ(List(PageOf(201)).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(List({}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(List(PageOf(3, "none")).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::ListMessagesRequest other = PageOf(3);
  other.set_conversation_id("other");
  EXPECT_EQ(List(other).error_code(), grpc::StatusCode::NOT_FOUND);
  Add(1);
  v1::ListMessagesRequest two = PageOf(3, "m1");
  two.set_after_message_id("m1");
  EXPECT_EQ(List(two).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  two.clear_before_message_id();
  two.set_around_message_id("m1");
  EXPECT_EQ(List(two).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::ListMessagesRequest policy = PageOf(3);
  policy.set_policy(static_cast<v1::ListMessagesRequest::Policy>(99));
  EXPECT_EQ(List(policy).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(MessagesTest, PageThatEndsAtAGapSaysSoAndHasItFetched) {
  Add(2);
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kNotFetched});
  ASSERT_TRUE(List(PageOf(10)).ok());
  EXPECT_EQ(page_.messages_size(), 2);
  EXPECT_TRUE(page_.has_more());
  EXPECT_EQ(page_.gap_before().from_sequence(), 1U);
  EXPECT_EQ(page_.gap_before().to_sequence(), 40U);
  EXPECT_EQ(page_.gap_before().reason(), v1::Gap::REASON_NOT_FETCHED);
  EXPECT_EQ(metrics_.page_misses, 1U);
  ASSERT_EQ(ada_->fetched().size(), 1U);
  EXPECT_EQ(ada_->fetched()[0].to, 40U);
}

TEST_F(MessagesTest, CacheOnlyFetchesNothing) {
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kLimited});
  v1::ListMessagesRequest request = PageOf(10);
  request.set_policy(v1::ListMessagesRequest::POLICY_CACHE_ONLY);
  ASSERT_TRUE(List(request).ok());
  EXPECT_EQ(page_.messages_size(), 0);
  EXPECT_TRUE(page_.has_gap_before());
  EXPECT_TRUE(ada_->fetched().empty());
}

TEST_F(MessagesTest, PageOfHugeMessagesIsCutToWhatFits) {
  Add(200, limits::kContentBytes);
  ada_->SetGap("c", Gap{{}, 1, 1, GapReason::kNotFetched});
  std::vector<std::string> seen;
  std::string before;
  do {
    ASSERT_TRUE(List(PageOf(200, before)).ok());
    ASSERT_GT(page_.messages_size(), 0);
    EXPECT_LT(page_.ByteSizeLong(), limits::kLocalMessageBytes);
    for (int i = page_.messages_size() - 1; i >= 0; --i) seen.push_back(page_.messages(i).id());
    before = page_.messages(0).id();
  } while (!page_.has_gap_before());
  ASSERT_EQ(seen.size(), 200U);
  EXPECT_EQ(seen.front(), "m200");
  EXPECT_EQ(seen.back(), "m1");
}

TEST_F(MessagesTest, PagesGoOnAfterAMessageAndLieAroundOne) {
  Add(9);
  v1::ListMessagesRequest after = PageOf(3);
  after.set_after_message_id("m4");
  ASSERT_TRUE(List(after).ok());
  EXPECT_EQ(page_.messages(0).id(), "m5");
  EXPECT_EQ(page_.messages_size(), 3);
  EXPECT_TRUE(page_.has_more_after());

  v1::ListMessagesRequest around = PageOf(3);
  around.set_around_message_id("m4");
  ASSERT_TRUE(List(around).ok());
  EXPECT_EQ(page_.messages(0).id(), "m3");
  EXPECT_EQ(page_.messages(2).id(), "m5");

  ASSERT_TRUE(List(PageOf(3)).ok());
  EXPECT_FALSE(page_.has_more_after());
}

TEST_F(MessagesTest, OfAGapAfterAMessageItsBeginningIsFetchedFirst) {
  Add(3);
  ada_->SetGapAfter("c", Gap{{}, 100, 900, GapReason::kNotFetched});
  v1::ListMessagesRequest after = PageOf(10);
  after.set_after_message_id("m1");
  ASSERT_TRUE(List(after).ok());
  EXPECT_EQ(page_.messages_size(), 2);
  EXPECT_EQ(page_.gap_after().to_sequence(), 900U);
  EXPECT_EQ(metrics_.page_misses, 1U);
  ASSERT_EQ(ada_->fetched().size(), 1U);
  EXPECT_EQ(ada_->fetched()[0].from, 100U);
  EXPECT_EQ(ada_->fetched()[0].to, 109U);
  after.set_policy(v1::ListMessagesRequest::POLICY_CACHE_ONLY);
  ASSERT_TRUE(List(after).ok());
  EXPECT_EQ(ada_->fetched().size(), 1U);
}

TEST_F(MessagesTest, HugeMessagesAreCutFromTheFarEndOfEachPage) {
  Add(150, limits::kContentBytes);
  v1::ListMessagesRequest request = PageOf(200);
  request.set_after_message_id("m10");
  ASSERT_TRUE(List(request).ok());
  EXPECT_LT(page_.ByteSizeLong(), limits::kLocalMessageBytes);
  EXPECT_EQ(page_.messages(0).id(), "m11");
  EXPECT_GT(page_.messages_size(), 40);
  EXPECT_TRUE(page_.has_more_after());
  request.clear_after_message_id();
  request.set_around_message_id("m100");
  ASSERT_TRUE(List(request).ok());
  EXPECT_LT(page_.ByteSizeLong(), limits::kLocalMessageBytes);
  EXPECT_TRUE(page_.has_more());
  EXPECT_TRUE(page_.has_more_after());
  EXPECT_LT(std::stoi(page_.messages(0).id().substr(1)), 80);
}

TEST_F(MessagesTest, SendAnswersTheStoredMessage) {
  v1::SendMessageRequest request = Text("Grüße", kUuid);
  (*request.mutable_metadata())["lang"] = "de";
  v1::SendMessageResponse response;
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_EQ(response.message().id(), kUuid);
  EXPECT_EQ(response.message().role(), v1::ROLE_USER);
  EXPECT_EQ(response.message().content(), "Grüße");
  EXPECT_EQ(response.message().content_type(), "text/plain");
  EXPECT_EQ(response.message().metadata().at("lang"), "de");
  EXPECT_EQ(response.message().delivery(), v1::DELIVERY_STATE_QUEUED);
  EXPECT_EQ(metrics_.durable_send.Summarise().count, 1U);
}

TEST_F(MessagesTest, RepeatedSendAnswersTheSameAndOtherContentConflicts) {
  v1::SendMessageResponse response;
  ASSERT_TRUE(Send(Text("one", kUuid), &response).ok());
  ASSERT_TRUE(Send(Text("one", kUuid), &response).ok());
  EXPECT_EQ(response.message().id(), kUuid);
  const grpc::Status status = Send(Text("two", kUuid), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), "CONFLICT");
}

TEST_F(MessagesTest, RefusedSendsSayWhy) {
  v1::SendMessageResponse response;
  EXPECT_EQ(Send(Text(""), &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::SendMessageRequest request = Text("hello");
  request.clear_conversation_id();
  EXPECT_EQ(Send(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_conversation_id("other");
  EXPECT_EQ(Send(request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(MessagesTest, InvalidUtf8IsAnInvalidArgument) {
  // conversation_id = "c", content = FF FE.
  const grpc::Status status =
      CallRaw("/hark.v1.Messages/SendMessage", "\x0a\x01\x63\x12\x02\xff\xfe", nullptr);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("UTF-8"));
  EXPECT_EQ(ReasonOf(status), "INVALID_ARGUMENT");
}

TEST_F(MessagesTest, BytesThatAreNoMessageAreAnInvalidArgument) {
  for (const char* method : {"/hark.v1.Messages/ListMessages", "/hark.v1.Messages/SendMessage",
                             "/hark.v1.Conversations/MarkRead", "/hark.v1.Account/SignIn"}) {
    EXPECT_EQ(CallRaw(method, "\x0a\x7f short", nullptr).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << method;
  }
}

TEST_F(MessagesTest, RequestOverFourMebibytesIsRefused) {
  v1::SendMessageResponse response;
  const grpc::Status status =
      Send(Text(std::string(limits::kLocalMessageBytes + 1, 'x')), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // And harms nobody: the connection goes on.
  EXPECT_TRUE(Send(Text("small"), &response).ok());
}

TEST_F(MessagesTest, SendMayFinishAfterTheClientWentAway) {
  ada_->HoldSends();
  grpc::ClientContext context;
  std::thread client([&] {
    v1::SendMessageResponse response;
    EXPECT_EQ(stub_->SendMessage(&context, Text("late"), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  ada_->WaitForHeldSend();
  context.TryCancel();
  client.join();
  ada_->FinishSends();
  ASSERT_TRUE(List(PageOf(1)).ok());
  EXPECT_EQ(page_.messages(0).content(), "late");
}

}  // namespace
}  // namespace hark::ipc
