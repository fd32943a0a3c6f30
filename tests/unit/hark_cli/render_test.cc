#include "tools/hark/render.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "tools/hark/message_tail.h"

namespace hark::cli {
namespace {

using State = client::SyncStatus::State;
using std::chrono::seconds;

const client::Time kNow{seconds(1'700'000'000)};

client::SyncStatus In(State state) {
  client::SyncStatus status;
  status.state = state;
  return status;
}

TEST(StatusWordsTest, OfflineSaysWhyAndWhenNext) {
  client::SyncStatus status = In(State::kOffline);
  status.reason = "The backend does not answer.";
  status.next_attempt_at = kNow + seconds(4);
  EXPECT_EQ(SyncSentence(status, kNow),
            "offline: The backend does not answer; next attempt in 4 s");
  status.trouble = client::Trouble::kTimeout;
  EXPECT_EQ(SyncSentence(status, kNow),
            "offline: The backend does not answer (timeout); next attempt in 4 s");
  status.trouble = client::Trouble::kUnknown;
  status.next_attempt_at = kNow - seconds(1);
  EXPECT_EQ(SyncSentence(status, kNow), "offline: The backend does not answer; trying again now");
}

TEST(StatusWordsTest, ProgressIsANumberAndAPercentage) {
  client::SyncStatus status = In(State::kCatchingUp);
  EXPECT_EQ(SyncSentence(status, kNow), "syncing: catching up");
  status.initial = true;
  status.progress = {.done = 1500, .total = 3000};
  EXPECT_EQ(SyncSentence(status, kNow),
            "syncing: loading conversation history, 1,500 of 3,000 messages (50 %)");
}

TEST(StatusWordsTest, DataIsDated) {
  client::SyncStatus status = In(State::kOffline);
  EXPECT_EQ(DataSentence(status, kNow), "never complete yet: shows what has arrived so far");
  status.last_synced_at = kNow - seconds(180);
  EXPECT_NE(DataSentence(status, kNow).find("(3 min ago)"), std::string::npos);
  status.state = State::kLive;
  EXPECT_EQ(DataSentence(status, kNow), "up to date");
}

TEST(StatusWordsTest, ReasonsCannotDriveTheTerminal) {
  client::SyncStatus status = In(State::kDegraded);
  status.reason = "\x1b[2J";
  EXPECT_EQ(SyncSentence(status, kNow), "needs attention: \\x1b[2J");
}

// What a tail writes to stdout.
class MessageTailTest : public testing::Test {
 protected:
  template <typename Action>
  std::string Written(Action action) {
    testing::internal::CaptureStdout();
    action();
    output_.Flush();
    return testing::internal::GetCapturedStdout();
  }

  static client::Message MakeMessage(const std::string& id, const std::string& content) {
    client::Message message;
    message.id = id;
    message.role = client::Role::kAssistant;
    message.content = content;
    message.delivery = client::Delivery::kSent;
    message.revision = 1;
    return message;
  }

  static client::MessagesDelta Delta(const client::Message& message) {
    client::MessagesDelta delta;
    delta.upserted.push_back(message);
    return delta;
  }

  Output output_{OutputMode{.json = false, .terminal = true, .color = false, .width = 80}};
  MessageTail tail_{output_, 1, false};
};

TEST_F(MessageTailTest, AnswerGrowsInItsLine) {
  const std::string written = Written([&] {
    tail_.Show(client::MessagesSnapshot{});
    tail_.Show(client::PartialMessage{"m1", client::Role::kAssistant, "Hel"});
    tail_.Show(client::PartialMessage{"m1", client::Role::kAssistant, "Hello wor"});
    tail_.Show(Delta(MakeMessage("m1", "Hello world")));
    tail_.Show(client::PartialMessage{"m1", client::Role::kAssistant, "late"});
  });
  EXPECT_TRUE(written.ends_with("assistant  Hello world\n")) << written;
  EXPECT_EQ(tail_.new_messages(), 1U);
}

TEST_F(MessageTailTest, AnswerThatChangesIsWrittenAnew) {
  const std::string written = Written([&] {
    tail_.Show(client::PartialMessage{"m1", client::Role::kAssistant, "One"});
    tail_.Show(Delta(MakeMessage("m1", "Two")));
  });
  EXPECT_NE(written.find("One\n"), std::string::npos) << written;
  EXPECT_NE(written.find("Two\n"), std::string::npos) << written;
}

TEST_F(MessageTailTest, DeliveryOfAShownMessageIsSaidOnce) {
  client::Message message = MakeMessage("m1", "hi");
  message.delivery = client::Delivery::kQueued;
  message.revision = 0;
  client::Message sent = MakeMessage("m1", "hi");
  const std::string written = Written([&] {
    tail_.Show(client::MessagesSnapshot{});
    tail_.Show(Delta(message));
    message.delivery = client::Delivery::kSending;
    tail_.Show(Delta(message));
    tail_.Show(Delta(sent));
    tail_.Show(Delta(sent));
  });
  EXPECT_NE(written.find("[queued]"), std::string::npos) << written;
  EXPECT_EQ(written.find("(delivered) hi"), written.rfind("(delivered) hi")) << written;
  EXPECT_NE(written.find("(delivered) hi"), std::string::npos) << written;
  EXPECT_EQ(tail_.new_messages(), 1U);
}

TEST_F(MessageTailTest, StatesThatWaitForTheUserAreSaid) {
  client::Message message = MakeMessage("m1", "hi");
  message.delivery = client::Delivery::kUnanswered;
  EXPECT_EQ(DeliveryNote(message), "no answer yet, asked again when connected");
  EXPECT_FALSE(NeedsAttention(message));
  message.delivery = client::Delivery::kQueued;
  const std::string written = Written([&] {
    tail_.Show(Delta(message));
    message.delivery = client::Delivery::kExpired;
    tail_.Show(Delta(message));
    client::MessagesDelta removed;
    removed.removed = {"m1", "never shown"};
    tail_.Show(removed);
  });
  EXPECT_NE(written.find("(expired: it waited too long"), std::string::npos) << written;
  EXPECT_TRUE(written.ends_with("(cancelled) m1\n")) << written;
  EXPECT_TRUE(NeedsAttention(message));
}

TEST_F(MessageTailTest, EditIsShownAtOnceAndItsDeliveryOnce) {
  client::Message message = MakeMessage("m1", "before");
  const std::string written = Written([&] {
    tail_.Show(Delta(message));
    message.content = "after";
    client::PendingChange& change = message.pending_change.emplace();
    change.kind = client::PendingChange::Kind::kEdit;
    change.delivery = client::Delivery::kQueued;
    tail_.Show(Delta(message));
    change.delivery = client::Delivery::kSending;
    tail_.Show(Delta(message));
    message.pending_change.reset();
    message.revision = 2;
    tail_.Show(Delta(message));
  });
  EXPECT_NE(written.find("(edited)\n"), std::string::npos) << written;
  EXPECT_EQ(written.find("(edited)"), written.rfind("(edited)")) << written;
  EXPECT_EQ(written.find("sending"), std::string::npos) << written;
  EXPECT_TRUE(written.ends_with("(change delivered) after\n")) << written;
}

TEST_F(MessageTailTest, EditThatLostIsSaid) {
  client::Message message = MakeMessage("m1", "mine");
  client::PendingChange& change = message.pending_change.emplace();
  change.kind = client::PendingChange::Kind::kEdit;
  change.delivery = client::Delivery::kSending;
  const std::string written = Written([&] {
    tail_.Show(Delta(message));
    message.content = "theirs";
    message.revision = 2;
    change.delivery = client::Delivery::kFailed;
    change.failure.emplace().message = "It was changed meanwhile.";
    change.content = "mine";
    tail_.Show(Delta(message));
  });
  EXPECT_NE(written.find("theirs\n"), std::string::npos) << written;
  EXPECT_NE(written.find("[edit failed: It was changed meanwhile]\n"), std::string::npos)
      << written;
  EXPECT_TRUE(written.ends_with("| mine\n")) << written;
}

TEST_F(MessageTailTest, LaterSnapshotShowsOnlyWhatIsNew) {
  client::MessagesSnapshot first;
  first.messages = {MakeMessage("m1", "one"), MakeMessage("m2", "two")};
  client::MessagesSnapshot later;
  later.messages = {MakeMessage("m1", "one"), MakeMessage("m2", "two"), MakeMessage("m3", "three")};
  const std::string written = Written([&] {
    tail_.Show(first);
    tail_.Show(later);
  });
  EXPECT_EQ(written.find("one"), std::string::npos) << written;
  EXPECT_EQ(written.find("two"), written.rfind("two")) << written;
  EXPECT_NE(written.find("three"), std::string::npos) << written;
  EXPECT_EQ(tail_.new_messages(), 1U);
}

}  // namespace
}  // namespace hark::cli
