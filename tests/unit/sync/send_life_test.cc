// Every order of acknowledgement, echo, loss, retry, cancel, edit and delete that six events can
// make, over the machine, a model of the store and a model of the backend: each ends with one row,
// equal at both ends, and every send at the backend once and in order.

#include <deque>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "daemon/sync/machine.h"
#include "tests/support/send_scripts.h"
#include "tests/unit/sync/model_backend.h"
#include "tests/unit/sync/model_store.h"

namespace hark::sync {
namespace {

using std::chrono::milliseconds;
using test::SendEvent;
using test::SendScript;

const MessageId kFirst("m");
const MessageId kSecond("n");

class World {
 public:
  World() {
    Feed(Started{{store_.cursor(), std::nullopt, true}, {}, 0});
    Send(kFirst, "first");
    Send(kSecond, "second");
  }

  void Run(SendEvent event) {
    switch (event) {
      case SendEvent::kAck:
        (void)backend_.Work();
        if (auto answer = backend_.NextAnswer()) Feed(Received{std::move(*answer)});
        break;
      case SendEvent::kEcho:
        if (!Echo() && backend_.Work()) (void)Echo();
        break;
      case SendEvent::kDrop: Drop(); break;
      case SendEvent::kRetry: Act(RetryMessage{}); break;
      case SendEvent::kCancel:
        if (Act(CancelMessage{})) taken_back_ = true;
        if (!store_.Show(kFirst)) withdrawn_ = true;
        break;
      case SendEvent::kEdit: {
        const std::string text = "edit " + std::to_string(++edits_);
        if (Act(EditMessage{text})) last_text_ = text;
        break;
      }
      case SendEvent::kDelete:
        Act(DeleteMessage{});
        withdrawn_ = true;
        break;
    }
    Look();
  }

  // Lets everything that is under way arrive.
  void Finish() {
    for (int round = 0; round < 2; ++round) {
      for (bool busy = true; busy;) {
        busy = backend_.Work();
        while (auto answer = backend_.NextAnswer()) Feed(Received{std::move(*answer)});
        while (Echo()) busy = true;
        Look();
      }
      Drop();
      Look();
    }
  }

  void Check() const {
    EXPECT_TRUE(store_.ReadOutbox().entries.empty())
        << "nothing is forgotten, and nobody is there to lose against";
    EXPECT_FALSE(backend_.had_conflicting_append()) << "one id, one content";
    const auto& there = backend_.messages();
    ASSERT_TRUE(there.contains(kSecond)) << "the second send";
    const auto first = there.find(kFirst);
    if (!withdrawn_) {
      ASSERT_NE(first, there.end());
      EXPECT_FALSE(first->second.message.deleted);
      EXPECT_LT(first->second.message.sequence, there.at(kSecond).message.sequence) << "in order";
    }
    const std::optional<Message> shown = store_.Show(kFirst);
    if (!shown) {
      EXPECT_TRUE(withdrawn_);
      EXPECT_TRUE(first == there.end() || first->second.message.deleted) << "cancelled for good";
    } else {
      ASSERT_NE(first, there.end());
      EXPECT_EQ(shown->content, first->second.message.content);
      if (!withdrawn_ && !taken_back_) EXPECT_EQ(shown->content, last_text_);
      EXPECT_EQ(shown->revision, first->second.message.revision);
      EXPECT_EQ(shown->deleted, first->second.message.deleted);
      EXPECT_EQ(shown->delivery, Delivery::kSent);
    }
  }

 private:
  template <typename What>
  bool Act(const What& what) {
    const bool fits = store_.Act(kFirst, what);
    Tell();
    return fits;
  }

  void Send(const MessageId& id, std::string content) {
    store_.EnqueueSend(id, std::move(content), machine_.Established());
    Tell();
  }

  bool Echo() {
    auto change = backend_.NextChange();
    if (!change) return false;
    Feed(Received{std::move(*change)});
    return true;
  }

  void Drop() {
    backend_.Open(store_.cursor()->position);
    Feed(Disconnected{Error(ErrorCode::kOffline, "reset")});
    Feed(SyncNowAsked{});
  }

  // What a watcher of the conversation sees.
  void Look() {
    const std::optional<Message> shown = store_.Show(kFirst);
    if (!shown) {
      gone_ = true;
    } else {
      EXPECT_FALSE(gone_) << "a row that was removed came back";
      EXPECT_TRUE(!was_sent_ || shown->delivery == Delivery::kSent) << "sent, and then not";
      was_sent_ = shown->delivery == Delivery::kSent;
    }
  }

  void Tell() {
    if (auto delta = store_.TakeDelta()) Feed(std::move(*delta));
  }

  void Feed(Input input) {
    inputs_.push_back(std::move(input));
    if (feeding_) return;
    feeding_ = true;
    while (!inputs_.empty()) {
      Input next = std::move(inputs_.front());
      inputs_.pop_front();
      now_ += milliseconds(1);
      for (Action& action :
           machine_.Step(std::move(next), Moment{now_, WallTime(now_.time_since_epoch())}))
        std::visit([this](auto& what) { Do(what); }, action);
    }
    feeding_ = false;
  }

  void Do(OpenConnection&) {
    backend_.Open(store_.cursor()->position);
    transport::Welcome welcome;
    welcome.user = UserId("ada");
    welcome.resume = transport::Resume::kOk;
    welcome.cursor = {"e1", backend_.head()};
    welcome.limits.in_flight = 8;
    welcome.can_edit = true;
    welcome.can_delete = true;
    Feed(Connected{});
    Feed(Received{std::move(welcome)});
  }
  void Do(SendFrame& send) { backend_.Send(std::move(send.frame)); }
  void Do(SendEntry& send) {
    auto outgoing = store_.ReadOutgoing(send.position);
    if (!outgoing) {
      Feed(EntryGone{send.request});
      return;
    }
    const OutboxEntry& entry = outgoing->entry;
    switch (entry.kind) {
      case OutboxKind::kSend:
        backend_.Send(transport::Append{send.request, outgoing->message});
        break;
      case OutboxKind::kEdit:
        backend_.Send(transport::Edit{send.request,
                                      entry.conversation,
                                      entry.message,
                                      entry.base_revision,
                                      outgoing->message.content,
                                      {}});
        break;
      case OutboxKind::kDelete:
        backend_.Send(transport::Delete{send.request, entry.conversation, entry.message,
                                        entry.base_revision});
        break;
      case OutboxKind::kMarkRead: break;
    }
  }
  void Do(CommitBatch& commit) {
    store_.Apply(commit.batch);
    Tell();
    Feed(Committed{});
  }
  void Do(LoadOutbox&) { Feed(OutboxLoaded{store_.ReadOutbox()}); }
  void Do(LoadPlan&) { Feed(PlanLoaded{}); }
  template <typename Other>
  void Do(Other&) {}

  ModelStore store_;
  ModelBackend backend_;
  Machine machine_{MachineOptions{UserId("ada"), 1}};
  std::deque<Input> inputs_;
  bool feeding_ = false;
  Clock::Instant now_{milliseconds(1'000'000)};
  int edits_ = 0;
  std::string last_text_ = "first";
  bool taken_back_ = false;  // An edit, perhaps.
  bool withdrawn_ = false;
  bool gone_ = false;
  bool was_sent_ = false;
};

class SendLife : public testing::TestWithParam<SendEvent> {};

INSTANTIATE_TEST_SUITE_P(ByFirstEvent, SendLife, testing::ValuesIn(test::kSendEvents));

TEST_P(SendLife, EveryOrderOfSixEventsEndsInOneRow) {
  int scripts = 0;
  test::ForEachSendScript({GetParam()}, 6, [&](const SendScript& script) {
    if (testing::Test::HasFailure()) return;
    SCOPED_TRACE(test::ToString(script));
    World world;
    for (const SendEvent event : script) world.Run(event);
    world.Finish();
    world.Check();
    ++scripts;
  });
  RecordProperty("scripts", scripts);
}

}  // namespace
}  // namespace hark::sync
