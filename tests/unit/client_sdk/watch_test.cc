// The watches against a fake daemon that is stopped and started under them.

#include "hark/watch.h"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

// What happened, as words, in order; filled on the subscription's thread and awaited by the test.
class Journal {
 public:
  void Add(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    added_.notify_all();
  }

  std::vector<std::string> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    added_.wait(lock, [&] { return entries_.size() >= count; });
    return entries_;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<std::string> entries_;
};

using Words = std::vector<std::string>;

class WatchTest : public FakeDaemonTest {
 protected:
  WatchTest() {
    daemon_.Put(test::MakeConversation("c1", "First"));
    daemon_.Put(test::MakeMessage("c1", "m1", 1, "one"));
  }

  template <typename Handlers>
  void Fill(Handlers& handlers) {
    handlers.on_connection = [this](const Error* lost) {
      journal_.Add(lost == nullptr ? "connected" : "lost");
    };
    handlers.on_end = [this](const Error& error) {
      journal_.Add("end " + std::string(ToString(error.code)));
    };
  }

  MessagesHandlers ForMessages() {
    MessagesHandlers handlers;
    Fill(handlers);
    handlers.on_snapshot = [this](const MessagesSnapshot& event) {
      journal_.Add("snapshot of " + std::to_string(event.messages.size()) + " at " +
                   event.position.resume_token);
    };
    handlers.on_resumed = [this](const StreamPosition& position) {
      journal_.Add("resumed at " + position.resume_token);
    };
    handlers.on_delta = [this](const MessagesDelta& event) {
      for (const Message& message : event.upserted) journal_.Add("message " + message.id);
      for (const std::string& id : event.removed) journal_.Add("removed " + id);
    };
    handlers.on_partial = [this](const PartialMessage& event) {
      journal_.Add("partial " + event.text);
    };
    handlers.on_typing = [this](const Typing& event) {
      journal_.Add(event.active ? "typing" : "typed");
    };
    return handlers;
  }

  void PushMessage(const std::string& id, std::uint64_t sequence) {
    v1::WatchMessagesResponse event;
    *event.mutable_delta()->add_upserted() = test::MakeMessage("c1", id, sequence, "text");
    daemon_.Push("c1", event);
  }

  Subscription Watch(MessagesHandlers handlers, WatchOptions options = {}) {
    Result<Subscription> started =
        client_->WatchMessages("c1", std::move(handlers), std::move(options));
    EXPECT_TRUE(started.ok());
    return started ? std::move(*started) : Subscription();
  }

  Journal journal_;
};

TEST_F(WatchTest, MessagesComeAsSnapshotThenEvents) {
  const Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  v1::WatchMessagesResponse partial;
  partial.mutable_partial()->set_message_id("m2");
  partial.mutable_partial()->set_text("Hel");
  daemon_.Push("c1", partial);
  v1::WatchMessagesResponse typing;
  typing.mutable_typing()->set_active(true);
  daemon_.Push("c1", typing);
  PushMessage("m2", 2);
  v1::WatchMessagesResponse removed;
  removed.mutable_delta()->add_removed("m1");
  daemon_.Push("c1", removed);
  EXPECT_EQ(journal_.Await(6), (Words{"connected", "snapshot of 1 at 1:0", "partial Hel", "typing",
                                      "message m2", "removed m1"}));
}

TEST_F(WatchTest, RestartedDaemonIsResumedAfterTheLastEvent) {
  const Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  PushMessage("m2", 2);
  journal_.Await(3);
  daemon_.Stop();
  journal_.Await(4);
  PushMessage("m3", 3);
  daemon_.Start();
  EXPECT_EQ(journal_.Await(7), (Words{"connected", "snapshot of 1 at 1:0", "message m2", "lost",
                                      "connected", "resumed at 1:1", "message m3"}));
  EXPECT_EQ(daemon_.resume_tokens(), (Words{"", "1:1"}));
}

TEST_F(WatchTest, TokenThatTheDaemonDoesNotKnowMeansASnapshot) {
  const Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  daemon_.Stop();
  daemon_.ForgetTokens();
  daemon_.Start();
  EXPECT_EQ(journal_.Await(5).back(), "snapshot of 1 at 2:0");
}

TEST_F(WatchTest, TokenOfAnEarlierRunIsSent) {
  PushMessage("m2", 2);
  PushMessage("m3", 3);
  const Subscription subscription =
      Watch(ForMessages(), {.snapshot_size = 0, .resume_token = "1:1"});
  EXPECT_EQ(journal_.Await(3), (Words{"connected", "resumed at 1:1", "message m3"}));
}

TEST_F(WatchTest, UnknownConversationEndsIt) {
  Result<Subscription> started = client_->WatchMessages("nope", ForMessages());
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(journal_.Await(1), Words{"end not_found"});
}

TEST_F(WatchTest, OtherAccountEndsIt) {
  const Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  daemon_.EndStreams(grpc::StatusCode::ABORTED, "Another account was signed in.");
  EXPECT_EQ(journal_.Await(3).back(), "end account_changed");
}

TEST_F(WatchTest, ConversationsComeAsSnapshotThenDeltas) {
  ConversationsHandlers handlers;
  Fill(handlers);
  handlers.on_snapshot = [this](const ConversationsSnapshot& event) {
    journal_.Add("snapshot of " + std::to_string(event.total_count));
  };
  handlers.on_resumed = [this](const StreamPosition&) { journal_.Add("resumed"); };
  handlers.on_delta = [this](const ConversationsDelta& event) {
    journal_.Add("delta " + event.upserted[0].title);
  };
  const Result<Subscription> subscription = client_->WatchConversations(std::move(handlers));
  ASSERT_TRUE(subscription.ok());
  journal_.Await(2);
  v1::WatchConversationsResponse event;
  *event.mutable_delta()->add_upserted() = test::MakeConversation("c9", "Ninth");
  daemon_.Push(event);
  journal_.Await(3);
  daemon_.Stop();
  daemon_.Start();
  EXPECT_EQ(journal_.Await(6),
            (Words{"connected", "snapshot of 1", "delta Ninth", "lost", "connected", "resumed"}));
}

TEST_F(WatchTest, StatusIsToldAtOnceAndAfterEachChange) {
  StatusHandlers handlers;
  Fill(handlers);
  handlers.on_status = [this](const SyncStatus& status) {
    journal_.Add(std::string(ToString(status.state)));
  };
  const Result<Subscription> subscription = client_->WatchStatus(std::move(handlers));
  ASSERT_TRUE(subscription.ok());
  journal_.Await(2);
  v1::SyncStatus offline;
  offline.set_state(v1::SyncStatus::STATE_OFFLINE);
  daemon_.SetStatus(offline);
  EXPECT_EQ(journal_.Await(3), (Words{"connected", "live", "offline"}));
}

TEST_F(WatchTest, DaemonThatIsNotThereYetIsAwaited) {
  daemon_.Stop();
  const Subscription subscription = Watch(ForMessages());
  EXPECT_EQ(journal_.Await(1), Words{"lost"});
  daemon_.Start();
  EXPECT_EQ(journal_.Await(3), (Words{"lost", "connected", "snapshot of 1 at 1:0"}));
}

TEST_F(WatchTest, NothingIsCalledAfterTheHandleIsGone) {
  Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  subscription.Cancel();
  subscription.Cancel();
  PushMessage("m2", 2);
  EXPECT_EQ(journal_.size(), 2U);
}

TEST_F(WatchTest, HandleMayBeDestroyedInsideItsOwnCallback) {
  MessagesHandlers handlers = ForMessages();
  auto subscription = std::make_shared<Subscription>();
  handlers.on_delta = [this, subscription](const MessagesDelta&) {
    subscription->Cancel();
    journal_.Add("cancelled");
  };
  *subscription = Watch(std::move(handlers));
  journal_.Await(2);
  PushMessage("m2", 2);
  PushMessage("m3", 3);
  EXPECT_EQ(journal_.Await(3).back(), "cancelled");
  EXPECT_EQ(journal_.size(), 3U);
}

TEST_F(WatchTest, CallbackMayUseTheClient) {
  MessagesHandlers handlers = ForMessages();
  handlers.on_snapshot = [this](const MessagesSnapshot&) {
    journal_.Add(client_->GetVersion().ok() ? "called" : "failed");
  };
  const Subscription subscription = Watch(std::move(handlers));
  EXPECT_EQ(journal_.Await(2).back(), "called");
}

TEST_F(WatchTest, WatchOutlivesItsClient) {
  const Subscription subscription = Watch(ForMessages());
  journal_.Await(2);
  client_.reset();
  PushMessage("m2", 2);
  EXPECT_EQ(journal_.Await(3).back(), "message m2");
}

TEST_F(WatchTest, CallbackThatThrowsEndsOnlyItsWatch) {
  MessagesHandlers handlers = ForMessages();
  handlers.on_snapshot = [](const MessagesSnapshot&) {
    throw std::runtime_error("a fault of the UI");
  };
  const Subscription subscription = Watch(std::move(handlers));
  EXPECT_EQ(journal_.Await(2).back(), "end internal");
  EXPECT_TRUE(client_->GetVersion().ok());
}

TEST_F(WatchTest, TooLargeASnapshotIsRefusedAtOnce) {
  const Result<Subscription> started =
      client_->WatchMessages("c1", {}, {.snapshot_size = 201, .resume_token = ""});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace hark::client
