// What is done with a message that is there already, over a real socket.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/limits.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/message_page.h"
#include "daemon/ipc/messages_topic.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

class ActionsTest : public ServerTest {
 protected:
  ActionsTest() {
    ada_->AddConversation("c", "title");
    Message failed = FakeAccount::SentMessage("failed", "too much");
    failed.delivery = Delivery::kFailed;
    failed.failure =
        DeliveryFailure{"TOO_LARGE", "it is too large", true, std::chrono::milliseconds(1500)};
    ada_->AddMessages("c", {FakeAccount::SentMessage("sent", "one"), failed});
  }

  // Any of the five calls; the answered message.
  template <typename Method, typename Request>
  grpc::Status Call(Method method, Request request, const std::string& message,
                    const std::string& conversation = "c") {
    request.set_conversation_id(conversation);
    request.set_message_id(message);
    return Finish(method, request);
  }

  template <typename Request, typename Response>
  grpc::Status Finish(grpc::Status (v1::Messages::Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                      const Request& request) {
    grpc::ClientContext context;
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    message_ = response.message();
    return status;
  }

  grpc::Status Edit(const std::string& message, const std::string& content) {
    v1::EditMessageRequest request;
    request.set_content(content);
    return Call(&v1::Messages::Stub::EditMessage, request, message);
  }

  v1::Message message_;
  std::unique_ptr<v1::Messages::Stub> stub_ = v1::Messages::NewStub(channel_);
};

TEST_F(ActionsTest, EachCallReachesTheRightAction) {
  ASSERT_TRUE(Edit("sent", "two").ok());
  EXPECT_EQ(message_.content(), "two");
  EXPECT_EQ(message_.pending_change().kind(), v1::PendingChange::KIND_EDIT);
  EXPECT_EQ(message_.pending_change().delivery(), v1::DELIVERY_STATE_QUEUED);
  ASSERT_TRUE(Call(&v1::Messages::Stub::SkipMessage, v1::SkipMessageRequest(), "failed").ok());
  EXPECT_EQ(message_.delivery(), v1::DELIVERY_STATE_FAILED);
  EXPECT_EQ(message_.failure().reason(), "TOO_LARGE");
  EXPECT_TRUE(message_.failure().can_retry());
  EXPECT_EQ(message_.failure().retry_after_ms(), 1500U);
  ASSERT_TRUE(Call(&v1::Messages::Stub::RetryMessage, v1::RetryMessageRequest(), "failed").ok());
  EXPECT_EQ(message_.delivery(), v1::DELIVERY_STATE_QUEUED);
  EXPECT_FALSE(message_.has_failure());
  ASSERT_TRUE(Call(&v1::Messages::Stub::CancelMessage, v1::CancelMessageRequest(), "failed").ok());
  EXPECT_EQ(message_.delivery(), v1::DELIVERY_STATE_CANCELLED);
  EXPECT_EQ(message_.content(), "too much");
  ASSERT_TRUE(Call(&v1::Messages::Stub::DeleteMessage, v1::DeleteMessageRequest(), "sent").ok());
  EXPECT_TRUE(message_.deleted());
  EXPECT_EQ(message_.pending_change().kind(), v1::PendingChange::KIND_DELETE);
  EXPECT_EQ(ada_->actions(),
            (std::vector<std::string>{"edit c sent", "skip c failed", "retry c failed",
                                      "cancel c failed", "delete c sent"}));
}

TEST_F(ActionsTest, WrongIdsAreRefusedBeforeAnythingIsAsked) {
  const std::string longest(limits::kIdBytes + 1, 'x');
  for (const auto& [message, conversation] : std::vector<std::pair<std::string, std::string>>{
           {"", "c"}, {"sent", ""}, {longest, "c"}, {"sent", longest}}) {
    const grpc::Status status =
        Call(&v1::Messages::Stub::DeleteMessage, v1::DeleteMessageRequest(), message, conversation);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_TRUE(ada_->actions().empty());
  EXPECT_EQ(
      Call(&v1::Messages::Stub::DeleteMessage, v1::DeleteMessageRequest(), "none").error_code(),
      grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Call(&v1::Messages::Stub::DeleteMessage, v1::DeleteMessageRequest(), "sent", "other")
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ActionsTest, ActionThatDoesNotFitSaysSo) {
  const grpc::Status cancel =
      Call(&v1::Messages::Stub::CancelMessage, v1::CancelMessageRequest(), "sent");
  EXPECT_EQ(cancel.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(cancel), "PRECONDITION");
  ASSERT_TRUE(Call(&v1::Messages::Stub::DeleteMessage, v1::DeleteMessageRequest(), "sent").ok());
  EXPECT_EQ(ReasonOf(Edit("sent", "too late")), "PRECONDITION");
  EXPECT_EQ(Edit("failed", "").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ActionsTest, RetryingAllSaysHowMany) {
  grpc::ClientContext one;
  v1::RetryMessagesRequest request;
  v1::RetryMessagesResponse response;
  request.set_conversation_id("other");
  EXPECT_EQ(stub_->RetryMessages(&one, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext all;
  request.clear_conversation_id();
  ASSERT_TRUE(stub_->RetryMessages(&all, request, &response).ok());
  EXPECT_EQ(response.count(), 1U);
}

TEST_F(ActionsTest, NobodySignedInIsSaid) {
  accounts_.Forget();
  EXPECT_EQ(ReasonOf(Edit("sent", "two")), "NOT_SIGNED_IN");
}

// What no call of a fake account makes.
TEST(ConvertMessageTest, EveryStateHasItsOwn) {
  const std::vector<std::pair<Delivery, v1::DeliveryState>> expected = {
      {Delivery::kQueued, v1::DELIVERY_STATE_QUEUED},
      {Delivery::kSending, v1::DELIVERY_STATE_SENDING},
      {Delivery::kSent, v1::DELIVERY_STATE_SENT},
      {Delivery::kFailed, v1::DELIVERY_STATE_FAILED},
      {Delivery::kUnknown, v1::DELIVERY_STATE_UNKNOWN},
      {Delivery::kExpired, v1::DELIVERY_STATE_EXPIRED},
      {Delivery::kCancelled, v1::DELIVERY_STATE_CANCELLED}};
  for (const auto& [delivery, proto] : expected) {
    Message message;
    message.delivery = delivery;
    v1::Message out;
    ToProto(message, &out);
    EXPECT_EQ(out.delivery(), proto);
    EXPECT_FALSE(out.has_pending_change());
  }
}

Message WithLostEdit() {
  Message message = FakeAccount::SentMessage("m", "theirs");
  message.conversation = ConversationId("c");
  message.change = PendingChange{.kind = PendingChange::Kind::kEdit,
                                 .delivery = Delivery::kFailed,
                                 .failure = DeliveryFailure{"CONFLICT", "it was changed meanwhile",
                                                            true, std::chrono::hours(24 * 365)},
                                 .content = std::string(limits::kContentBytes, 'x')};
  return message;
}

TEST(ConvertMessageTest, LostEditKeepsItsText) {
  const Message message = WithLostEdit();
  v1::Message out;
  ToProto(message, &out);
  EXPECT_EQ(out.content(), "theirs");
  EXPECT_EQ(out.pending_change().content().size(), limits::kContentBytes);
  EXPECT_EQ(out.pending_change().failure().reason(), "CONFLICT");
  // A year in milliseconds is more than the field holds.
  EXPECT_EQ(out.pending_change().failure().retry_after_ms(), 0xFFFFFFFFU);
  EXPECT_GE(EncodedSizeBound(message), out.ByteSizeLong());
}

TEST(MessagesTopicTest, RemovedMessagesWeigh) {
  const MessagesTopic topic("store", ConversationId("c"), 10);
  Commit commit;
  commit.revision = 7;
  EXPECT_EQ(topic.Weight(commit), 0U);
  commit.removed = {{ConversationId("other"), MessageId("m1")}};
  EXPECT_EQ(topic.Weight(commit), 0U);
  commit.removed.push_back({ConversationId("c"), MessageId("m2")});
  EXPECT_GT(topic.Weight(commit), 2U);
}

}  // namespace
}  // namespace hark::ipc
