// The engine with everything around it faked, in one thread, with time by hand.

#include "daemon/sync/engine.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "daemon/base/notification.h"
#include "daemon/sync/local_intents.h"
#include "tests/support/fake_time.h"
#include "tests/unit/sync/model_store.h"

namespace hark::sync {
namespace {

using std::chrono::milliseconds;

class FakeReader final : public store::Reader {
 public:
  explicit FakeReader(ModelStore& model) : model_(model) {}

  Result<store::MessagePage> ReadPage(const store::PageQuery&) override { return Gone(); }
  Result<std::optional<store::ChangesPage>> ReadChanges(const store::ChangesQuery&) override {
    return Gone();
  }
  Result<Message> ReadMessage(const MessageId&) override { return Gone(); }
  Result<store::ConversationPage> ListConversations(const store::ConversationQuery&) override {
    return Gone();
  }
  Result<Conversation> GetConversation(const ConversationId&) override { return Gone(); }
  Result<store::OutboxState> ReadOutbox() override { return model_.ReadOutbox(); }
  Result<store::OutboxPage> ListOutbox(const store::OutboxQuery&) override { return Gone(); }
  Result<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) override {
    auto outgoing = model_.ReadOutgoing(position);
    if (!outgoing) return Gone();
    return *outgoing;
  }
  Result<std::vector<ConversationId>> ActiveConversations(WallTime, std::uint32_t) override {
    return std::vector<ConversationId>{};
  }
  Result<store::FetchPlan> PlanFetches(const std::vector<ConversationId>&, std::uint32_t) override {
    return store::FetchPlan{};
  }
  Result<store::SyncState> ReadSyncState() override {
    if (is_unreadable_) return Fail(ErrorCode::kResourceExhausted, "the disk failed");
    store::SyncState state;
    state.cursor = model_.cursor();
    return state;
  }
  Result<store::StoreStatistics> Statistics() override { return store::StoreStatistics{}; }
  Result<store::SearchPage> Search(const store::SearchQuery&, const std::atomic<bool>&) override {
    return Gone();
  }
  [[nodiscard]] LocalRevision CurrentRevision() const override { return 0; }
  [[nodiscard]] const std::string& StoreId() const override { return id_; }

  void SetUnreadable(bool is_unreadable) { is_unreadable_ = is_unreadable; }

 private:
  static tl::unexpected<Error> Gone() { return Fail(ErrorCode::kNotFound, "not here"); }

  ModelStore& model_;
  bool is_unreadable_ = false;
  std::string id_ = "store";
};

// Commits at once. What the store would announce goes to `announce`.
class FakeWriter final : public store::Writer {
 public:
  FakeWriter(ModelStore& model, std::function<void()> announce)
      : model_(model), announce_(std::move(announce)) {}

  void Apply(store::Batch batch, Done<LocalRevision> done) override {
    if (is_full_) {
      done(Fail(ErrorCode::kResourceExhausted, "the disk is full"));
      return;
    }
    model_.Apply(batch);
    announce_();
    done(LocalRevision{1});
  }
  void EnqueueSend(store::NewMessage, Done<Message>) override { ++sends_; }
  void Act(MessageAction, Done<Message>) override {}
  void RetryAll(std::optional<ConversationId>, Done<std::uint32_t>) override {}
  void MarkRead(store::ReadMark, Done<Conversation>) override {}
  void RecordOpen(ConversationId, WallTime, Done<LocalRevision>) override {}

  void SetFull(bool is_full) { is_full_ = is_full; }
  [[nodiscard]] bool is_full() const { return is_full_; }
  [[nodiscard]] int sends() const { return sends_; }

 private:
  bool is_full_ = false;
  int sends_ = 0;
  ModelStore& model_;
  std::function<void()> announce_;
};

// Both ends of a connection, as queues.
struct Wire {
  explicit Wire(const Executor& executor) : arrived(executor) {}
  std::deque<transport::ServerFrame> to_client;
  std::vector<transport::ClientFrame> from_client;
  int connects = 0;
  std::size_t content_limit = limits::kContentBytes;
  Notification arrived;
};

class FakeSession final : public transport::Session {
 public:
  explicit FakeSession(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  Task<void> Send(transport::ClientFrame frame) override {
    const auto* append = std::get_if<transport::Append>(&frame);
    if (append && append->message.content.size() > wire_->content_limit)
      co_return Fail(ErrorCode::kInvalidArgument, "larger than the backend accepts");
    wire_->from_client.push_back(std::move(frame));
    co_return Result<void>{};
  }
  Task<transport::ServerFrame> Receive() override {
    while (wire_->to_client.empty()) {
      Result<void> woken = co_await wire_->arrived.Wait();
      if (!woken) co_return tl::unexpected(woken.error());
    }
    transport::ServerFrame frame = std::move(wire_->to_client.front());
    wire_->to_client.pop_front();
    co_return std::move(frame);
  }
  asio::awaitable<void> Close() override { co_return; }

 private:
  std::shared_ptr<Wire> wire_;
};

class FakeBackend final : public transport::Backend {
 public:
  explicit FakeBackend(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  Task<std::unique_ptr<transport::Session>> Connect() override {
    ++wire_->connects;
    co_return std::make_unique<FakeSession>(wire_);
  }

 private:
  std::shared_ptr<Wire> wire_;
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    model_.SetTime(time_.WallNow());
    auto alarm = std::make_unique<test::FakeAlarm>(time_);
    alarm_ = alarm.get();
    auto room_alarm = std::make_unique<test::FakeAlarm>(time_);
    room_alarm_ = room_alarm.get();
    writer_ = std::make_shared<FakeWriter>(model_, [this] { Announce(); });
    engine_ = std::make_shared<Engine>(EngineParts{
        .io = io_.get_executor(),
        .readers = io_.get_executor(),
        .clock = time_,
        .alarm = std::move(alarm),
        .metrics = metrics_,
        .board = board_,
        .reader = reader_,
        .writer = writer_,
        .backend = std::make_shared<FakeBackend>(wire_),
        .bus = std::make_shared<bus::EventBus>(),
        .user = UserId("ada"),
        .token = Secret(std::string("token")),
        .device_id = "device",
        .client = "harkd/test",
        .seed = 1,
        .room_alarm = std::move(room_alarm),
        .has_room = [this] { return !writer_->is_full(); },
        .save_token = [](Secret) {},
        .token_refused = [] {},
    });
  }
  ~EngineTest() override {
    engine_->Stop();
    Poll();
  }

  void Poll() {
    do {
      io_.restart();
      io_.poll();
    } while (alarm_->RingIfDue());
  }

  void Announce() {
    auto delta = model_.TakeDelta();
    if (!delta) return;
    Commit commit;
    commit.revision = delta->revision;
    commit.outbox = std::move(delta->entries);
    commit.outbox_removed = std::move(delta->removed);
    engine_->NotifyOutboxChanged(commit);
  }

  void Receive(transport::ServerFrame frame) {
    wire_->to_client.push_back(std::move(frame));
    wire_->arrived.Notify();
    Poll();
  }

  void GoLive() {
    engine_->Start();
    Poll();
    transport::Welcome welcome;
    welcome.user = UserId("ada");
    welcome.resume = transport::Resume::kOk;
    Receive(std::move(welcome));
    ASSERT_EQ(board_.Current().state, State::kLive);
  }

  template <typename Frame>
  std::optional<Frame> TakeSent() {
    for (auto it = wire_->from_client.begin(); it != wire_->from_client.end(); ++it) {
      if (auto* frame = std::get_if<Frame>(&*it)) {
        std::optional<Frame> taken(std::move(*frame));
        wire_->from_client.erase(it);
        return taken;
      }
    }
    return std::nullopt;
  }

  boost::asio::io_context io_;
  test::FakeTime time_;
  test::FakeAlarm* alarm_ = nullptr;
  test::FakeAlarm* room_alarm_ = nullptr;
  Metrics metrics_;
  StatusBoard board_;
  ModelStore model_;
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>(io_.get_executor());
  std::shared_ptr<FakeReader> reader_ = std::make_shared<FakeReader>(model_);
  std::shared_ptr<FakeWriter> writer_;
  std::shared_ptr<Engine> engine_;
};

TEST_F(EngineTest, TriesAgainToStartWhileTheStoreCannotBeRead) {
  reader_->SetUnreadable(true);
  engine_->Start();
  Poll();
  ASSERT_EQ(board_.Current().state, State::kDegraded);
  const WallTime since = board_.Current().since;
  time_.Advance(milliseconds(500));
  engine_->NotifyWorldChanged();  // What comes meanwhile does not end the wait.
  Poll();
  EXPECT_EQ(board_.Current().state, State::kDegraded);
  EXPECT_EQ(board_.Current().since, since);
  EXPECT_EQ(wire_->connects, 0);
  reader_->SetUnreadable(false);
  engine_->NotifyWorldChanged();
  Poll();
  time_.Advance(limits::kBackoffCap);
  Poll();
  EXPECT_EQ(board_.Current().state, State::kConnecting);
  EXPECT_EQ(wire_->connects, 1);
}

TEST_F(EngineTest, SendsAndEditsInOneThreadWithoutRealTime) {
  EXPECT_FALSE(engine_->Established());
  GoLive();
  EXPECT_TRUE(engine_->Established());
  EXPECT_TRUE(TakeSent<transport::Hello>());
  model_.EnqueueSend(MessageId("m"), "hello");
  Announce();
  Poll();
  const auto append = TakeSent<transport::Append>();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->message.content, "hello");
  Receive(transport::Ack{append->request, MessageId("m"), "", 1, 1});
  EXPECT_EQ(model_.Show(MessageId("m"))->delivery, Delivery::kSent);
  ASSERT_TRUE(model_.Act(MessageId("m"), EditMessage{"hello there"}));
  Announce();
  Poll();
  EXPECT_FALSE(TakeSent<transport::Edit>()) << "this backend cannot";
  EXPECT_EQ(model_.ReadOutbox().entries.at(0).delivery, Delivery::kFailed);
}

// While a damaged cache is repaired, say: it was refused as if nobody were signed in.
TEST_F(EngineTest, WhatIsSentBetweenTwoEnginesIsStored) {
  LocalIntents intents(*writer_, time_);
  std::optional<ErrorCode> refused;
  const auto send = [&] {
    Draft draft;
    draft.conversation = ConversationId("c");
    draft.content = "hello";
    intents.Send(std::move(draft), [&](const Result<Message>& message) {
      if (!message) refused = message.error().code;
    });
  };
  send();
  EXPECT_EQ(std::exchange(refused, {}), ErrorCode::kUnauthenticated);
  intents.Attach(engine_);
  intents.Pause();
  send();
  EXPECT_EQ(refused, std::nullopt);
  EXPECT_EQ(writer_->sends(), 1);
  intents.Detach();
  send();
  EXPECT_EQ(refused, ErrorCode::kUnauthenticated);
}

// Regression: it was only logged, and its answer waited for.
TEST_F(EngineTest, AMessageThatTheBackendDoesNotTakeFailsAndNothingElseIsHeldUp) {
  GoLive();
  wire_->content_limit = 5;
  model_.EnqueueSend(MessageId("m"), "too long");
  Announce();
  Poll();
  EXPECT_FALSE(TakeSent<transport::Append>());
  const OutboxEntry entry = model_.ReadOutbox().entries.at(0);
  EXPECT_EQ(entry.delivery, Delivery::kFailed);
  ASSERT_TRUE(model_.Act(MessageId("m"), EditMessage{"short"}));
  Announce();
  Poll();
  EXPECT_TRUE(TakeSent<transport::Append>()) << "on the same connection, one request at a time";
  EXPECT_EQ(wire_->connects, 1);
}

// Regression: the backoff went on, up to a minute.
TEST_F(EngineTest, ConnectsAgainAsSoonAsThereIsRoomOnTheDisk) {
  GoLive();
  model_.EnqueueSend(MessageId("m"), "hello");
  Announce();
  Poll();
  writer_->SetFull(true);
  Receive(transport::Ack{TakeSent<transport::Append>().value().request, MessageId("m"), "", 1, 1});
  EXPECT_FALSE(engine_->Established());
  ASSERT_TRUE(room_alarm_->at());
  EXPECT_EQ(wire_->connects, 1);
  writer_->SetFull(false);
  time_.Advance(*room_alarm_->at() - time_.Now());
  ASSERT_TRUE(room_alarm_->RingIfDue());
  io_.restart();
  io_.poll();  // The other alarm, of the backoff, does not ring.
  EXPECT_EQ(wire_->connects, 2);
}

TEST_F(EngineTest, TheAlarmFindsADeadConnection) {
  GoLive();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(alarm_->at());
    time_.Advance(milliseconds(30'000));
    Poll();
  }
  EXPECT_TRUE(TakeSent<transport::Ping>());
  EXPECT_FALSE(engine_->Established());
  time_.Advance(limits::kReturnWindow);
  Poll();
  EXPECT_EQ(wire_->connects, 2);
}

TEST_F(EngineTest, NothingHappensAfterStop) {
  GoLive();
  engine_->Stop();
  EXPECT_FALSE(engine_->Established());
  EXPECT_FALSE(alarm_->at());
  model_.EnqueueSend(MessageId("m"), "hello");
  Announce();
  Poll();
  EXPECT_FALSE(TakeSent<transport::Append>());
}

}  // namespace
}  // namespace hark::sync
