// The stream of everything over a real socket.

#include <memory>
#include <string>

#include "hark/v1/changes.grpc.pb.h"

#include "tests/unit/ipc/open_watch.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

using ChangesWatch = Watch<v1::WatchChangesResponse>;

class ChangesWatchTest : public ServerTest {
 protected:
  ChangesWatchTest() {
    ada_->AddConversation("c", "title");
    ada_->AddConversation("other", "title");
  }

  void Add(const char* conversation, const std::string& id) {
    ada_->AddMessages(conversation, {FakeAccount::SentMessage(id, "text")});
  }

  std::unique_ptr<ChangesWatch> WatchChanges(const std::string& token = "") {
    v1::WatchChangesRequest request;
    request.set_resume_token(token);
    auto watch = std::make_unique<ChangesWatch>();
    watch->Open(v1::Changes::NewStub(channel_)->WatchChanges(&watch->context(), request));
    return watch;
  }
};

TEST_F(ChangesWatchTest, BeginsWithTheListAndTellsOfEveryConversation) {
  const auto watch = WatchChanges();
  const auto first = watch->Next();
  ASSERT_TRUE(first.has_snapshot());
  EXPECT_EQ(first.snapshot().conversations_size(), 2);
  EXPECT_EQ(first.snapshot().total_count(), 2U);
  EXPECT_EQ(first.revision(), ada_->CurrentRevision());

  Add("c", "m1");
  const auto second = watch->Next();
  ASSERT_EQ(second.delta().messages_size(), 1);
  EXPECT_EQ(second.delta().messages(0).id(), "m1");
  EXPECT_EQ(second.delta().messages(0).conversation_id(), "c");
  EXPECT_EQ(second.revision(), ada_->CurrentRevision());
  Add("other", "m2");
  EXPECT_EQ(watch->Next().delta().messages(0).conversation_id(), "other");
  ada_->AddConversation("new", "A new one");
  EXPECT_EQ(watch->Next().delta().conversations(0).title(), "A new one");
  watch->Cancel();
}

TEST_F(ChangesWatchTest, WithdrawnMessagesNameTheirConversation) {
  Message queued = FakeAccount::SentMessage("m1", "withdrawn");
  queued.delivery = Delivery::kQueued;
  ada_->AddMessages("c", {queued});
  const auto watch = WatchChanges();
  ASSERT_TRUE(watch->Next().has_snapshot());
  ada_->Act({ConversationId("c"), MessageId("m1"), CancelMessage()},
            [](const Result<Message>& done) { ASSERT_TRUE(done); });
  const auto event = watch->Next();
  ASSERT_EQ(event.delta().removed_size(), 1);
  EXPECT_EQ(event.delta().removed(0).conversation_id(), "c");
  EXPECT_EQ(event.delta().removed(0).message_id(), "m1");
  watch->Cancel();
}

TEST_F(ChangesWatchTest, GapsAreToldAndNeedNoSnapshotAlsoWhenTheyChangedMeanwhile) {
  auto watch = WatchChanges();
  const std::string token = watch->Next().resume_token();
  ada_->SetGap("c", Gap{{}, 1, 40, GapReason::kNotFetched});
  auto event = watch->Next();
  ASSERT_EQ(event.delta().gaps_changed_size(), 1);
  EXPECT_EQ(event.delta().gaps_changed(0), "c");
  watch->Cancel();

  Add("other", "m1");
  watch = WatchChanges(token);
  EXPECT_TRUE(watch->Next().has_resumed());
  EXPECT_EQ(watch->Next().delta().gaps_changed(0), "c");
  EXPECT_EQ(watch->Next().delta().messages(0).id(), "m1");
  watch->Cancel();
}

TEST_F(ChangesWatchTest, PartialsAndTypingNameTheirConversation) {
  const auto watch = WatchChanges();
  const auto first = watch->Next();
  ada_->bus()->PublishEphemeral(std::make_shared<const bus::Ephemeral>(
      bus::PartialMessage{ConversationId("other"), MessageId("a1"), Role::kAssistant, "Hel"}));
  const auto partial = watch->Next();
  EXPECT_EQ(partial.partial().conversation_id(), "other");
  EXPECT_EQ(partial.partial().text(), "Hel");
  EXPECT_EQ(partial.revision(), first.revision());
  ada_->bus()->PublishEphemeral(std::make_shared<const bus::Ephemeral>(
      bus::Typing{ConversationId("c"), Role::kAssistant, true}));
  const auto typing = watch->Next();
  EXPECT_EQ(typing.typing().conversation_id(), "c");
  EXPECT_TRUE(typing.typing().active());
  watch->Cancel();
}

TEST_F(ChangesWatchTest, AnotherAccountEndsItAndNothingOfItIsShown) {
  const auto watch = WatchChanges();
  ASSERT_TRUE(watch->Next().has_snapshot());
  const auto bob = accounts_.SwitchTo("bob");
  bob->AddConversation("of-bob", "title");
  EXPECT_EQ(watch->End().error_code(), grpc::StatusCode::ABORTED);
}

}  // namespace
}  // namespace hark::ipc
