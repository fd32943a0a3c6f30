// The streams over a real socket: snapshot, deltas, resuming, falling behind, ending.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/open_watch.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

using MessagesWatch = Watch<v1::WatchMessagesResponse>;
using ConversationsWatch = Watch<v1::WatchConversationsResponse>;
using StatusWatch = Watch<v1::WatchStatusResponse>;

class WatchTest : public ServerTest {
 protected:
  WatchTest() {
    ada_->AddConversation("c", "title");
    ada_->AddConversation("other", "title");
    Add("c", "m1");
  }

  void Add(const char* conversation, const std::string& id, const std::string& text = "text") {
    ada_->AddMessages(conversation, {FakeAccount::SentMessage(id, text)});
  }

  std::unique_ptr<MessagesWatch> WatchMessages(const std::string& token = "",
                                               const std::string& conversation = "c",
                                               std::uint32_t size = 0) {
    v1::WatchMessagesRequest request;
    request.set_conversation_id(conversation);
    request.set_resume_token(token);
    request.set_snapshot_size(size);
    auto watch = std::make_unique<MessagesWatch>();
    watch->Open(v1::Messages::NewStub(channel_)->WatchMessages(&watch->context(), request));
    return watch;
  }

  std::unique_ptr<ConversationsWatch> WatchConversations(const std::string& token = "") {
    v1::WatchConversationsRequest request;
    request.set_resume_token(token);
    auto watch = std::make_unique<ConversationsWatch>();
    watch->Open(
        v1::Conversations::NewStub(channel_)->WatchConversations(&watch->context(), request));
    return watch;
  }

  std::unique_ptr<StatusWatch> WatchStatus() {
    auto watch = std::make_unique<StatusWatch>();
    watch->Open(v1::Sync::NewStub(channel_)->WatchStatus(&watch->context(), {}));
    return watch;
  }

  std::uint32_t OpenStreams() {
    grpc::ClientContext context;
    v1::GetStatisticsResponse response;
    EXPECT_TRUE(v1::Admin::NewStub(channel_)->GetStatistics(&context, {}, &response).ok());
    return response.streams();
  }

  void PublishPartial(const std::string& message, const std::string& text) {
    ada_->bus()->PublishEphemeral(std::make_shared<const bus::Ephemeral>(
        bus::PartialMessage{ConversationId("c"), MessageId(message), Role::kAssistant, text}));
  }
};

TEST_F(WatchTest, MessagesBeginWithASnapshotAndGoOnWithDeltas) {
  const auto watch = WatchMessages();
  const auto first = watch->Next();
  ASSERT_TRUE(first.has_snapshot());
  ASSERT_EQ(first.snapshot().messages_size(), 1);
  EXPECT_EQ(first.snapshot().messages(0).id(), "m1");
  EXPECT_EQ(first.snapshot().total_count(), 1U);
  EXPECT_EQ(first.revision(), ada_->CurrentRevision());

  Add("other", "elsewhere");
  Add("c", "m2", "hello");
  const auto second = watch->Next();
  ASSERT_TRUE(second.has_delta());
  ASSERT_EQ(second.delta().upserted_size(), 1);
  EXPECT_EQ(second.delta().upserted(0).content(), "hello");
  EXPECT_EQ(second.revision(), ada_->CurrentRevision());
  EXPECT_NE(second.resume_token(), first.resume_token());
  watch->Cancel();
}

TEST_F(WatchTest, RemovedMessagesAreToldToTheirConversationOnly) {
  Message queued = FakeAccount::SentMessage("m2", "withdrawn");
  queued.delivery = Delivery::kQueued;
  ada_->AddMessages("c", {queued});
  const auto watch = WatchMessages();
  const auto other = WatchMessages("", "other");
  ASSERT_EQ(watch->Next().snapshot().messages_size(), 2);
  ASSERT_TRUE(other->Next().has_snapshot());
  ada_->Act({ConversationId("c"), MessageId("m2"), CancelMessage()},
            [](const Result<Message>& done) {
              ASSERT_TRUE(done);
              EXPECT_EQ(done->delivery, Delivery::kCancelled);
            });
  Add("other", "m3");
  const auto removed = watch->Next();
  ASSERT_EQ(removed.delta().removed_size(), 1);
  EXPECT_EQ(removed.delta().removed(0), "m2");
  EXPECT_EQ(removed.delta().upserted_size(), 0);
  const auto unaffected = other->Next();
  EXPECT_EQ(unaffected.delta().removed_size(), 0);
  EXPECT_EQ(unaffected.delta().upserted_size(), 1);
}

TEST_F(WatchTest, ConversationsBeginWithASnapshotAndGoOnWithDeltas) {
  const auto watch = WatchConversations();
  const auto first = watch->Next();
  ASSERT_TRUE(first.has_snapshot());
  EXPECT_EQ(first.snapshot().conversations_size(), 2);
  EXPECT_EQ(first.snapshot().total_count(), 2U);
  ada_->AddConversation("new", "A new one");
  const auto second = watch->Next();
  ASSERT_TRUE(second.has_delta());
  EXPECT_EQ(second.delta().upserted(0).title(), "A new one");
  watch->Cancel();
}

TEST_F(WatchTest, ResumedStreamMissesNothing) {
  auto watch = WatchMessages();
  const std::string token = watch->Next().resume_token();
  watch->Cancel();
  Add("c", "m2");
  Add("other", "elsewhere");
  Add("c", "m3");

  watch = WatchMessages(token);
  const auto first = watch->Next();
  EXPECT_TRUE(first.has_resumed());
  EXPECT_EQ(first.resume_token(), token);
  EXPECT_EQ(watch->Next().delta().upserted(0).id(), "m2");
  EXPECT_EQ(watch->Next().delta().upserted(0).id(), "m3");
  Add("c", "m4");
  EXPECT_EQ(watch->Next().delta().upserted(0).id(), "m4");
  watch->Cancel();
}

TEST_F(WatchTest, ConversationsResumeToo) {
  auto watch = WatchConversations();
  const std::string token = watch->Next().resume_token();
  watch->Cancel();
  ada_->AddConversation("new", "A new one");
  watch = WatchConversations(token);
  EXPECT_TRUE(watch->Next().has_resumed());
  EXPECT_EQ(watch->Next().delta().upserted(0).id(), "new");
  watch->Cancel();
}

TEST_F(WatchTest, TokenThatCannotBeResumedStartsWithASnapshot) {
  for (const char* token :
       {"nonsense", "store-of-ada:1", "store-of-bob:100000003", "store-of-ada:ffffffffffffffff"}) {
    const auto watch = WatchMessages(token);
    EXPECT_TRUE(watch->Next().has_snapshot()) << token;
    // And goes on from there.
    Add("c", std::string("after-") + token);
    EXPECT_TRUE(watch->Next().has_delta()) << token;
    watch->Cancel();
  }
}

TEST_F(WatchTest, ResumingGoesOverMoreThanAQueueHolds) {
  auto watch = WatchMessages();
  const std::string token = watch->Next().resume_token();
  watch->Cancel();
  for (std::size_t i = 0; i <= limits::kStreamQueueEvents; ++i) Add("c", "n" + std::to_string(i));
  watch = WatchMessages(token);
  EXPECT_TRUE(watch->Next().has_resumed());
  for (std::size_t i = 0; i <= limits::kStreamQueueEvents; ++i)
    ASSERT_EQ(watch->Next().delta().upserted(0).id(), "n" + std::to_string(i));
  watch->Cancel();
}

TEST_F(WatchTest, StalledClientGetsASnapshotAndHarmsNobody) {
  const auto stalled = WatchMessages();
  ASSERT_TRUE(stalled->Next().has_snapshot());
  channel_ = NewChannel();
  const auto quick = WatchMessages();
  ASSERT_TRUE(quick->Next().has_snapshot());

  const std::string text(16 * 1024, 'x');
  constexpr int kCount = 1'000;
  for (int i = 0; i < kCount; ++i) {
    Add("c", "n" + std::to_string(i), text);
    ASSERT_TRUE(quick->Next().has_delta());
  }
  // What was on its way, a snapshot instead of what was too much, perhaps more after it; nothing is
  // repeated out of order, and the end is told.
  std::uint64_t revision = 0;
  int deltas = 0;
  int snapshots = 0;
  std::string last;
  while (last != "n999") {
    const auto event = stalled->Next();
    ASSERT_GT(event.revision(), revision);
    revision = event.revision();
    deltas += event.has_delta() ? 1 : 0;
    snapshots += event.has_snapshot() ? 1 : 0;
    last = event.has_delta() ? event.delta().upserted().rbegin()->id()
                             : event.snapshot().messages().rbegin()->id();
  }
  EXPECT_GE(snapshots, 1);
  EXPECT_LT(deltas, kCount);
  Add("c", "last");
  EXPECT_EQ(stalled->Next().delta().upserted(0).id(), "last");
  stalled->Cancel();
  quick->Cancel();
}

TEST_F(WatchTest, CommitLargerThanAQueueBecomesASnapshot) {
  const auto watch = WatchMessages();
  ASSERT_TRUE(watch->Next().has_snapshot());
  std::vector<Message> messages;
  for (int i = 0; i < 20; ++i) {
    messages.push_back(
        FakeAccount::SentMessage("n" + std::to_string(i), std::string(limits::kContentBytes, 'x')));
  }
  ada_->AddMessages("c", std::move(messages));
  const auto event = watch->Next();
  ASSERT_TRUE(event.has_snapshot());
  EXPECT_EQ(event.snapshot().messages_size(), 21);
  watch->Cancel();
}

TEST_F(WatchTest, GapThatASnapshotEndedAtBringsAnother) {
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kNotFetched});
  const auto watch = WatchMessages();
  ASSERT_TRUE(watch->Next().snapshot().has_gap_before());
  ada_->SetGap("c", std::nullopt);
  const auto event = watch->Next();
  ASSERT_TRUE(event.has_snapshot());
  EXPECT_FALSE(event.snapshot().has_gap_before());
  // One that no client sees brings none.
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kNotFetched});
  Add("c", "m2");
  EXPECT_TRUE(watch->Next().has_delta());
  watch->Cancel();
}

// The client's last snapshot ended at the gap; the stream that goes on cannot know that.
TEST_F(WatchTest, GapThatChangesWhileAStreamIsInterruptedOrResumedBringsASnapshot) {
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kNotFetched});
  auto watch = WatchMessages();
  const auto first = watch->Next();
  ASSERT_TRUE(first.snapshot().has_gap_before());
  watch->Cancel();
  ada_->SetGap("c", Gap{{}, 1, 20, GapReason::kNotFetched});
  watch = WatchMessages(first.resume_token());
  auto event = watch->Next();
  ASSERT_TRUE(event.has_snapshot());
  EXPECT_EQ(event.snapshot().gap_before().to_sequence(), 20U);
  watch->Cancel();

  watch = WatchMessages(event.resume_token());
  EXPECT_TRUE(watch->Next().has_resumed());
  ada_->SetGap("c", std::nullopt);
  event = watch->Next();
  ASSERT_TRUE(event.has_snapshot());
  EXPECT_FALSE(event.snapshot().has_gap_before());
  watch->Cancel();
}

TEST_F(WatchTest, PartialsPassByAndTheMessageFollows) {
  const auto watch = WatchMessages();
  const auto first = watch->Next();
  PublishPartial("a1", "Hel");
  auto event = watch->Next();
  EXPECT_EQ(event.partial().text(), "Hel");
  EXPECT_EQ(event.partial().role(), v1::ROLE_ASSISTANT);
  EXPECT_EQ(event.revision(), first.revision());
  ada_->bus()->PublishEphemeral(std::make_shared<const bus::Ephemeral>(
      bus::Typing{ConversationId("c"), Role::kAssistant, true}));
  EXPECT_TRUE(watch->Next().typing().active());
  Add("c", "a1", "Hello");
  EXPECT_EQ(watch->Next().delta().upserted(0).content(), "Hello");
  watch->Cancel();
}

TEST_F(WatchTest, BurstOfPartialsEndsWithTheLastOne) {
  const auto watch = WatchMessages();
  ASSERT_TRUE(watch->Next().has_snapshot());
  std::string text;
  for (int i = 0; i < 2'000; ++i) {
    text += "word ";
    PublishPartial("a1", text);
  }
  int events = 1;
  while (watch->Next().partial().text() != text) ++events;
  EXPECT_LE(events, 2'000);
  watch->Cancel();
}

TEST_F(WatchTest, UnknownConversationAndWrongSizesAreRefused) {
  EXPECT_EQ(WatchMessages("", "none")->End().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(WatchMessages("store-of-ada:100000002", "none")->End().error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(WatchMessages("", "")->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(WatchMessages("", "c", 201)->End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  accounts_.Forget();
  EXPECT_EQ(WatchConversations()->End().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(OpenStreams(), 0U);
}

TEST_F(WatchTest, AnotherAccountEndsTheStreamsOfTheFirst) {
  const auto messages = WatchMessages();
  const auto conversations = WatchConversations();
  const auto status = WatchStatus();
  const std::string token = messages->Next().resume_token();
  ASSERT_TRUE(conversations->Next().has_snapshot());
  (void)status->Next();

  const auto bob = accounts_.SwitchTo("bob");
  bob->AddConversation("c", "Bob's");
  const grpc::Status ended = messages->End();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(ended), "ACCOUNT_SWITCHED");
  EXPECT_EQ(conversations->End().error_code(), grpc::StatusCode::ABORTED);
  // The status is the daemon's, and goes on.
  sync::Status next;
  next.state = sync::State::kConnecting;
  accounts_.status().Set(next);
  EXPECT_EQ(status->Next().status().state(), v1::SyncStatus::STATE_CONNECTING);
  status->Cancel();
  // The token of the first account's store resumes nothing.
  const auto fresh = WatchMessages(token);
  const auto event = fresh->Next();
  ASSERT_TRUE(event.has_snapshot());
  EXPECT_EQ(event.snapshot().messages_size(), 0);
  fresh->Cancel();
}

TEST_F(WatchTest, StatusIsToldAtOnceAndWithEachChange) {
  sync::Status status;
  status.state = sync::State::kCatchingUp;
  status.done = 3;
  status.total = 10;
  status.initial = true;
  accounts_.status().Set(status);
  const auto watch = WatchStatus();
  const auto first = watch->Next().status();
  EXPECT_EQ(first.state(), v1::SyncStatus::STATE_CATCHING_UP);
  EXPECT_EQ(first.progress().done(), 3U);
  EXPECT_EQ(first.progress().total(), 10U);
  EXPECT_TRUE(first.initial());
  status.state = sync::State::kOffline;
  status.reason = "The backend does not answer.";
  accounts_.status().Set(status);
  const auto second = watch->Next().status();
  EXPECT_EQ(second.state(), v1::SyncStatus::STATE_OFFLINE);
  EXPECT_EQ(second.reason(), "The backend does not answer.");
  EXPECT_FALSE(second.has_progress());
  watch->Cancel();
}

TEST_F(WatchTest, OneStreamTooManyIsRefused) {
  std::vector<std::unique_ptr<StatusWatch>> watches;
  for (std::size_t i = 0; i < limits::kLocalStreams; ++i) watches.push_back(WatchStatus());
  for (const auto& watch : watches)
    ASSERT_EQ(watch->Next().status().state(), v1::SyncStatus::STATE_SIGNED_OUT);
  EXPECT_EQ(OpenStreams(), limits::kLocalStreams);
  EXPECT_EQ(WatchConversations()->End().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& watch : watches) watch->context().TryCancel();
  for (const auto& watch : watches) (void)watch->End();
}

TEST_F(WatchTest, StopEndsStreamsAlsoStalledOnes) {
  const auto idle = WatchMessages();
  ASSERT_TRUE(idle->Next().has_snapshot());
  const auto stalled = WatchMessages();
  ASSERT_TRUE(stalled->Next().has_snapshot());
  const std::string text(60 * 1024, 'x');
  for (int i = 0; i < 100; ++i) {
    Add("c", "n" + std::to_string(i), text);
    if (i % 2 == 0) (void)idle->Next();
  }
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(stalled->End().error_code(), grpc::StatusCode::UNAVAILABLE);
  (void)idle->End();
  // Whatever is published afterwards reaches nobody.
  Add("c", "after");
}

TEST_F(WatchTest, StopSaysThatTheDaemonIsStopping) {
  const auto watch = WatchMessages();
  ASSERT_TRUE(watch->Next().has_snapshot());
  server_->Stop();
  const grpc::Status status = watch->End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "STOPPING");
}

}  // namespace
}  // namespace hark::ipc
