// hark.v1.Conversations over a real socket: list, get, open, close, mark read.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hark/v1/conversations.grpc.pb.h"

#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

class ConversationsTest : public ServerTest {
 protected:
  grpc::Status List(std::uint32_t size, const std::string& token,
                    v1::ListConversationsResponse* out) {
    v1::ListConversationsRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    grpc::ClientContext context;
    return stub_->ListConversations(&context, request, out);
  }

  std::unique_ptr<v1::Conversations::Stub> stub_ = v1::Conversations::NewStub(channel_);
};

TEST_F(ConversationsTest, ListIsNewestFirstAndPagesCoverItOnce) {
  for (int i = 0; i < 7; ++i) ada_->AddConversation("c" + std::to_string(i), "title");
  std::vector<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    v1::ListConversationsResponse page;
    ASSERT_TRUE(List(3, token, &page).ok());
    EXPECT_EQ(page.total_count(), 7U);
    for (const auto& conversation : page.conversations()) seen.push_back(conversation.id());
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(seen, testing::ElementsAre("c6", "c5", "c4", "c3", "c2", "c1", "c0"));
}

TEST_F(ConversationsTest, PageSizeZeroMeansFifty) {
  for (int i = 0; i < 60; ++i) ada_->AddConversation("c" + std::to_string(i), "title");
  v1::ListConversationsResponse page;
  ASSERT_TRUE(List(0, "", &page).ok());
  EXPECT_EQ(page.conversations_size(), 50);
}

TEST_F(ConversationsTest, PageSizeOverTheLimitIsRefused) {
  v1::ListConversationsResponse page;
  EXPECT_EQ(List(201, "", &page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ConversationsTest, ForeignPageTokenIsRefused) {
  for (const char* token : {"x", "c1.", "c1.12.", "c1.12.zz", "c1.12.616", "c1.x.61", "c1.1.ff"}) {
    v1::ListConversationsResponse page;
    const grpc::Status status = List(10, token, &page);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << token;
    EXPECT_EQ(ReasonOf(status), "INVALID_ARGUMENT");
  }
}

TEST_F(ConversationsTest, FreshnessComesFromTheStatus) {
  sync::Status status;
  status.state = sync::State::kLive;
  status.last_synced_at = WallTime(std::chrono::milliseconds(1'500));
  accounts_.status().Set(status);
  ada_->AddConversation("c", "title");
  v1::ListConversationsResponse page;
  ASSERT_TRUE(List(0, "", &page).ok());
  EXPECT_TRUE(page.freshness().live());
  EXPECT_EQ(page.freshness().as_of().seconds(), 1);
  EXPECT_EQ(page.freshness().as_of().nanos(), 500'000'000);
  EXPECT_EQ(page.freshness().revision(), ada_->CurrentRevision());
}

TEST_F(ConversationsTest, GetAnswersOneConversationOrNotFound) {
  ada_->AddConversation("c", "Groceries");
  v1::GetConversationRequest request;
  v1::GetConversationResponse response;
  request.set_conversation_id("c");
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetConversation(&context, request, &response).ok());
  EXPECT_EQ(response.conversation().title(), "Groceries");
  EXPECT_EQ(response.conversation().sync_state(), v1::Conversation::SYNC_STATE_COMPLETE);

  request.set_conversation_id("other");
  grpc::ClientContext second;
  const grpc::Status status = stub_->GetConversation(&second, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "NOT_FOUND");
}

TEST_F(ConversationsTest, EmptyAndTooLongIdsAreRefused) {
  for (const std::string& id : {std::string(), std::string(129, 'x')}) {
    v1::GetConversationRequest request;
    v1::GetConversationResponse response;
    request.set_conversation_id(id);
    grpc::ClientContext context;
    EXPECT_EQ(stub_->GetConversation(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(ConversationsTest, OpenMakesActiveAndCloseLetsGo) {
  ada_->AddConversation("c", "title");
  v1::OpenConversationRequest open;
  v1::OpenConversationResponse opened;
  open.set_conversation_id("c");
  grpc::ClientContext first;
  ASSERT_TRUE(stub_->OpenConversation(&first, open, &opened).ok());
  EXPECT_TRUE(ada_->GetConversation(ConversationId("c"))->active);

  v1::CloseConversationRequest close;
  v1::CloseConversationResponse closed;
  close.set_conversation_id("c");
  grpc::ClientContext second;
  ASSERT_TRUE(stub_->CloseConversation(&second, close, &closed).ok());
  EXPECT_FALSE(ada_->GetConversation(ConversationId("c"))->active);

  open.set_conversation_id("other");
  grpc::ClientContext third;
  EXPECT_EQ(stub_->OpenConversation(&third, open, &opened).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ConversationsTest, MarkReadAnswersTheConversation) {
  ada_->AddConversation("c", "title");
  v1::MarkReadRequest request;
  v1::MarkReadResponse response;
  request.set_conversation_id("c");
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->MarkRead(&context, request, &response).ok());
  EXPECT_EQ(response.conversation().id(), "c");
}

TEST_F(ConversationsTest, WithoutAnAccountCallsAskToSignIn) {
  accounts_.Forget();
  v1::ListConversationsResponse page;
  const grpc::Status status = List(0, "", &page);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "NOT_SIGNED_IN");
}

}  // namespace
}  // namespace hark::ipc
