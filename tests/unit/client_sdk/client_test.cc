// The unary calls against a fake daemon on a real Unix socket.

#include "hark/client.h"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

class ClientTest : public FakeDaemonTest {
 protected:
  ClientTest() {
    daemon_.Put(test::MakeConversation("c1", "First"));
    daemon_.Put(test::MakeConversation("c2", "Second"));
    daemon_.Put(test::MakeConversation("c3", "Third"));
    for (std::uint64_t i = 1; i <= 5; ++i) {
      daemon_.Put(test::MakeMessage("c1", "m" + std::to_string(i), i, "text " + std::to_string(i)));
    }
  }
};

SendRequest Text(const std::string& conversation_id, const std::string& content) {
  SendRequest request;
  request.conversation_id = conversation_id;
  request.content = content;
  return request;
}

TEST_F(ClientTest, VersionAndStatisticsAreRead) {
  const Result<VersionInfo> version = client().GetVersion();
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->version, "9.8.7");
  EXPECT_EQ(version->api_major, 1U);
  EXPECT_EQ(version->capabilities, (std::vector<std::string>{"typing", "page-anchors"}));
  EXPECT_EQ(version->process_id, 4242U);
  EXPECT_EQ(daemon_.api_version(), "1.3") << "each call says which version this SDK speaks";

  const Result<Statistics> statistics = client().GetStatistics();
  ASSERT_TRUE(statistics.ok());
  EXPECT_EQ(statistics->messages, 1'234'567U);
  EXPECT_EQ(statistics->page_read.p50, std::chrono::microseconds(80));
}

TEST_F(ClientTest, ConversationsArePaged) {
  std::vector<std::string> ids;
  ListConversationsRequest request{.page_size = 2, .page_token = ""};
  do {
    const Result<ConversationPage> page = client().ListConversations(request);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->total_count, 3U);
    EXPECT_TRUE(page->freshness.live);
    for (const Conversation& conversation : page->conversations) ids.push_back(conversation.id);
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"c1", "c2", "c3"}));
}

TEST_F(ClientTest, ConversationIsReadOpenedClosedAndMarked) {
  const Result<Conversation> conversation = client().GetConversation("c2");
  ASSERT_TRUE(conversation.ok());
  EXPECT_EQ(conversation->title, "Second");
  EXPECT_EQ(conversation->cache_state, CacheState::kComplete);
  EXPECT_TRUE(client().OpenConversation("c2").ok());
  EXPECT_TRUE(client().CloseConversation("c2").ok());
  const Result<Conversation> marked = client().MarkRead("c2");
  ASSERT_TRUE(marked.ok());
  EXPECT_EQ(marked->id, "c2");
  EXPECT_EQ(daemon_.Calls("OpenConversation"), 1);
  EXPECT_EQ(daemon_.Calls("CloseConversation"), 1);
}

TEST_F(ClientTest, UnknownConversationIsNotFound) {
  const Result<Conversation> conversation = client().GetConversation("nope");
  ASSERT_FALSE(conversation.ok());
  EXPECT_EQ(conversation.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(conversation.error().message, "There is no such conversation");
}

TEST_F(ClientTest, MessagesArePagedBackwards) {
  const Result<MessagePage> newest =
      client().ListMessages({.conversation_id = "c1", .before_message_id = "", .page_size = 2});
  ASSERT_TRUE(newest.ok());
  ASSERT_EQ(newest->messages.size(), 2U);
  EXPECT_EQ(newest->messages[0].id, "m4");
  EXPECT_EQ(newest->messages[0].role, Role::kAssistant);
  EXPECT_EQ(newest->messages[1].content, "text 5");
  EXPECT_EQ(newest->messages[1].delivery, Delivery::kSent);
  EXPECT_TRUE(newest->has_more);
  EXPECT_EQ(newest->total_count, 5U);

  const Result<MessagePage> older =
      client().ListMessages({.conversation_id = "c1", .before_message_id = "m2", .page_size = 200});
  ASSERT_TRUE(older.ok());
  ASSERT_EQ(older->messages.size(), 1U);
  EXPECT_FALSE(older->has_more);
}

TEST_F(ClientTest, MessagesArePagedForwardAndAround) {
  const Result<MessagePage> after = client().ListMessages(
      {.conversation_id = "c1", .before_message_id = "", .page_size = 2, .after_message_id = "m2"});
  ASSERT_TRUE(after.ok());
  ASSERT_EQ(after->messages.size(), 2U);
  EXPECT_EQ(after->messages[0].id, "m3");
  EXPECT_TRUE(after->has_more_after);
  const Result<MessagePage> around = client().ListMessages({.conversation_id = "c1",
                                                            .before_message_id = "",
                                                            .page_size = 3,
                                                            .around_message_id = "m2"});
  ASSERT_TRUE(around.ok());
  EXPECT_EQ(around->messages[1].id, "m2");
  EXPECT_EQ(daemon_.Calls("GetVersion"), 1) << "the capability is looked up once";

  const Result<MessagePage> both = client().ListMessages(
      {.conversation_id = "c1", .before_message_id = "m1", .around_message_id = "m2"});
  EXPECT_EQ(both.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ClientTest, AnOlderDaemonIsNotAskedForPagesThatItDoesNotKnow) {
  daemon_.ForgetPageAnchors();
  const Result<MessagePage> after = client().ListMessages(
      {.conversation_id = "c1", .before_message_id = "", .after_message_id = "m2"});
  ASSERT_FALSE(after.ok());
  EXPECT_EQ(after.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(daemon_.Calls("ListMessages"), 0);
}

TEST_F(ClientTest, SentMessageCarriesAnIdOfThisSide) {
  SendRequest request = Text("c1", "hello");
  request.metadata["k"] = "v";
  const Result<Message> sent = client().SendMessage(request);
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->delivery, Delivery::kQueued);
  EXPECT_EQ(sent->content_type, "text/plain");
  EXPECT_EQ(sent->metadata.at("k"), "v");
  ASSERT_EQ(daemon_.sends().size(), 1U);
  EXPECT_EQ(daemon_.sends()[0].id(), sent->id);
  EXPECT_EQ(sent->id.size(), 36U);
}

TEST_F(ClientTest, MessagesAreEditedAndDeleted) {
  const Result<Message> edited =
      client().EditMessage({.message = {"c1", "m2"}, .content = "better"});
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->content, "better");
  ASSERT_TRUE(edited->pending_change.has_value());
  EXPECT_EQ(edited->pending_change->kind, PendingChange::Kind::kEdit);
  EXPECT_EQ(edited->pending_change->delivery, Delivery::kQueued);
  const Result<Message> deleted = client().DeleteMessage({"c1", "m2"});
  ASSERT_TRUE(deleted.ok());
  EXPECT_TRUE(deleted->deleted);
  EXPECT_EQ(deleted->pending_change->kind, PendingChange::Kind::kDelete);
  const Result<Message> late = client().EditMessage({.message = {"c1", "m2"}, .content = "late"});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kPrecondition);
  EXPECT_EQ(late.error().retry, Retry::kNo);
  EXPECT_EQ(client().DeleteMessage({"c1", "none"}).error().code, ErrorCode::kNotFound);
}

TEST_F(ClientTest, FailedMessagesAreRetriedSkippedAndCancelled) {
  v1::Message failed = test::MakeMessage("c1", "f", 0, "too much");
  failed.set_delivery(v1::DELIVERY_STATE_FAILED);
  failed.mutable_failure()->set_reason("TOO_LARGE");
  failed.mutable_failure()->set_can_retry(true);
  failed.mutable_failure()->set_retry_after_ms(1500);
  daemon_.Put(failed);
  const Result<Message> skipped = client().SkipMessage({"c1", "f"});
  ASSERT_TRUE(skipped.ok());
  EXPECT_EQ(skipped->delivery, Delivery::kFailed);
  ASSERT_TRUE(skipped->failure.has_value());
  EXPECT_TRUE(skipped->failure->can_retry);
  EXPECT_EQ(skipped->failure->retry_after, std::chrono::milliseconds(1500));
  EXPECT_EQ(client().RetryMessage({"c1", "f"})->delivery, Delivery::kQueued);
  const Result<Message> cancelled = client().CancelMessage({"c1", "f"});
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->delivery, Delivery::kCancelled);
  EXPECT_EQ(cancelled->content, "too much");
  EXPECT_EQ(client().CancelMessage({"c1", "m1"}).error().code, ErrorCode::kPrecondition);
  EXPECT_EQ(*client().RetryMessages(), 7U);
  EXPECT_EQ(*client().RetryMessages("c1"), 3U);
  EXPECT_EQ(client().RetryMessages("nope").error().code, ErrorCode::kNotFound);
}

TEST_F(ClientTest, StatesOfAMessageHaveTheirWords) {
  const std::pair<v1::DeliveryState, const char*> expected[] = {
      {v1::DELIVERY_STATE_QUEUED, "queued"},       {v1::DELIVERY_STATE_SENDING, "sending"},
      {v1::DELIVERY_STATE_SENT, "sent"},           {v1::DELIVERY_STATE_FAILED, "failed"},
      {v1::DELIVERY_STATE_UNKNOWN, "unknown"},     {v1::DELIVERY_STATE_EXPIRED, "expired"},
      {v1::DELIVERY_STATE_CANCELLED, "cancelled"},
  };
  std::uint64_t sequence = 0;
  for (const auto& [state, word] : expected) {
    v1::Message message = test::MakeMessage("c2", word, ++sequence, "x");
    message.set_delivery(state);
    message.mutable_pending_change()->set_delivery(state);
    message.mutable_pending_change()->mutable_failure()->set_reason("CONFLICT");
    message.mutable_pending_change()->set_content("mine");
    daemon_.Put(message);
  }
  const Result<MessagePage> page =
      client().ListMessages({.conversation_id = "c2", .before_message_id = ""});
  ASSERT_EQ(page->messages.size(), sequence);
  for (const Message& message : page->messages) {
    EXPECT_EQ(ToString(message.delivery), message.id);
    ASSERT_TRUE(message.pending_change.has_value());
    EXPECT_EQ(ToString(message.pending_change->delivery), message.id);
    EXPECT_EQ(message.pending_change->kind, PendingChange::Kind::kUnknown);
    EXPECT_EQ(message.pending_change->failure->reason, "CONFLICT");
    EXPECT_EQ(message.pending_change->content, "mine");
  }
}

TEST_F(ClientTest, InvalidArgumentsNeverLeave) {
  EXPECT_EQ(client().EditMessage({.message = {"c1", "m1"}, .content = ""}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().DeleteMessage({"c1", ""}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().CancelMessage({"", "m1"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().RetryMessages("\xFF").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(daemon_.Calls("EditMessage") + daemon_.Calls("DeleteMessage") +
                daemon_.Calls("CancelMessage") + daemon_.Calls("RetryMessages"),
            0);

  EXPECT_EQ(client().SendMessage(Text("c1", "")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().SendMessage(Text("c1", "\xFF")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().GetConversation("\xFF").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().ListConversations({.page_size = 201, .page_token = ""}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().SignIn("a b").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      daemon_.Calls("SendMessage") + daemon_.Calls("GetConversation") + daemon_.Calls("SignIn"), 0);
}

TEST_F(ClientTest, SendIsRepeatedUnderTheSameIdWhenTheConnectionDrops) {
  daemon_.HoldNext("SendMessage");
  std::optional<Result<Message>> sent;
  std::thread sender([&] { sent.emplace(client().SendMessage(Text("c1", "once"))); });
  daemon_.AwaitCalls("SendMessage", 1);
  daemon_.Stop();
  daemon_.Start();
  sender.join();
  ASSERT_TRUE(sent->ok()) << sent->error().message;
  const std::vector<v1::SendMessageRequest> sends = daemon_.sends();
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(sends[0].id(), sends[1].id());
  EXPECT_EQ((*sent)->id, sends[0].id());
}

TEST_F(ClientTest, SignInIsNotRepeatedWhenTheConnectionDrops) {
  daemon_.HoldNext("SignIn");
  std::optional<Result<AccountInfo>> account;
  std::thread caller([&] { account.emplace(client().SignIn("token")); });
  daemon_.AwaitCalls("SignIn", 1);
  daemon_.Stop();
  daemon_.Start();
  caller.join();
  ASSERT_FALSE(account->ok());
  EXPECT_EQ(account->error().code, ErrorCode::kNoDaemon);
  EXPECT_EQ(daemon_.Calls("SignIn"), 1);
}

TEST_F(ClientTest, CallsWorkAfterTheDaemonRestarted) {
  ASSERT_TRUE(client().GetVersion().ok());
  daemon_.Stop();
  daemon_.Start();
  EXPECT_TRUE(client().GetVersion().ok());
}

TEST_F(ClientTest, StoppedDaemonIsNamed) {
  ASSERT_TRUE(client().GetVersion().ok());
  daemon_.Stop();
  const Result<VersionInfo> version = client().GetVersion();
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kNoDaemon);
  EXPECT_NE(version.error().message.find("daemon"), std::string::npos);
}

TEST_F(ClientTest, ConnectWaitsForADaemonIfAsked) {
  daemon_.Stop();
  EXPECT_EQ(Client::Connect({.socket_path = path_}).error().code, ErrorCode::kNoDaemon);
  std::optional<Result<Client>> late;
  std::thread waiter([&] {
    late.emplace(Client::Connect({.socket_path = path_, .wait = std::chrono::seconds(60)}));
  });
  daemon_.Start();
  waiter.join();
  EXPECT_TRUE(late->ok());
}

TEST_F(ClientTest, SlowDaemonIsATimeout) {
  Result<Client> hasty =
      Client::Connect({.socket_path = path_, .call_timeout = std::chrono::milliseconds(100)});
  ASSERT_TRUE(hasty.ok());
  daemon_.HoldNext("SendMessage");
  const Result<Message> sent = hasty->SendMessage(Text("c1", "slow"));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, ErrorCode::kTimeout);
}

TEST_F(ClientTest, AccountIsSignedInAndOut) {
  EXPECT_EQ(client().SignIn("wrong").error().code, ErrorCode::kUnauthenticated);
  const Result<AccountInfo> in = client().SignIn("right");
  ASSERT_TRUE(in.ok());
  EXPECT_EQ(in->state, AccountInfo::State::kSignedIn);
  EXPECT_EQ(in->user_id, "alice");
  EXPECT_EQ(client().SignOut()->state, AccountInfo::State::kSignedOut);
  EXPECT_EQ(client().GetAccount()->state, AccountInfo::State::kSignedOut);
}

TEST_F(ClientTest, BackendThatCannotBeReachedIsNotTheDaemon) {
  daemon_.FailNext("SignIn", grpc::StatusCode::UNAVAILABLE, "The backend cannot be reached.");
  const Result<AccountInfo> in = client().SignIn("right");
  EXPECT_EQ(in.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(in.error().message, "The backend cannot be reached");
  EXPECT_EQ(in.error().retry, Retry::kLater);
}

TEST_F(ClientTest, StatusIsReadAndSyncAskedFor) {
  v1::SyncStatus status;
  status.set_state(v1::SyncStatus::STATE_CATCHING_UP);
  status.mutable_progress()->set_done(3);
  status.mutable_progress()->set_total(9);
  status.set_initial(true);
  daemon_.SetStatus(status);
  const Result<SyncStatus> now = client().GetSyncStatus();
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->state, SyncStatus::State::kCatchingUp);
  ASSERT_TRUE(now->progress.has_value());
  EXPECT_EQ(now->progress->total, 9U);
  EXPECT_TRUE(now->initial);
  EXPECT_FALSE(now->last_synced_at.has_value());
  EXPECT_TRUE(client().SyncNow().ok());
  daemon_.FailNext("SyncNow", grpc::StatusCode::FAILED_PRECONDITION, "");
  EXPECT_EQ(client().SyncNow().error().code, ErrorCode::kNotSignedIn);
}

TEST_F(ClientTest, CallsOfManyThreadsAreAnswered) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_TRUE(client().GetConversation("c1").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(daemon_.Calls("GetConversation"), 160);
}

TEST_F(ClientTest, ForeignValuesOfANewerDaemonBecomeUnknown) {
  v1::Message message = test::MakeMessage("c3", "future", 1, "x");
  message.set_role(static_cast<v1::Role>(77));
  message.set_delivery(static_cast<v1::DeliveryState>(77));
  message.mutable_created_at()->set_seconds(std::numeric_limits<std::int64_t>::max());
  daemon_.Put(message);
  const Result<MessagePage> page =
      client().ListMessages({.conversation_id = "c3", .before_message_id = ""});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->messages.size(), 1U);
  EXPECT_EQ(page->messages[0].role, Role::kUnknown);
  EXPECT_EQ(page->messages[0].delivery, Delivery::kUnknown);
  EXPECT_EQ(ToString(Delivery::kUnknown), "unrecognised");
}

}  // namespace
}  // namespace hark::client
