// Plays the driver and the store to a sync machine, by hand.

#ifndef HARK_TESTS_UNIT_SYNC_MACHINE_FIXTURE_H_
#define HARK_TESTS_UNIT_SYNC_MACHINE_FIXTURE_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/sync/machine.h"

namespace hark::sync {

using std::chrono::milliseconds;

// Feeds inputs, moves the time by hand, and keeps what the machine asked for.
class MachineTest : public testing::Test {
 protected:
  MachineTest() : machine_(MachineOptions{UserId("ada"), 42}) {}

  void Step(Input input) {
    for (Action& action : machine_.Step(std::move(input), Moment{mono_, wall_}))
      actions_.push_back(std::move(action));
  }

  void Pass(milliseconds time) {
    mono_ += time;
    wall_ += time;
  }

  template <typename T>
  std::vector<T> Take() {
    std::vector<T> taken;
    for (Action& action : actions_) {
      if (auto* found = std::get_if<T>(&action)) taken.push_back(std::move(*found));
    }
    std::erase_if(actions_, [](const Action& action) { return std::holds_alternative<T>(action); });
    return taken;
  }

  template <typename Frame>
  std::vector<Frame> TakeFrames() {
    std::vector<Frame> taken;
    std::vector<Action> rest;
    for (Action& action : actions_) {
      auto* send = std::get_if<SendFrame>(&action);
      auto* frame = send ? std::get_if<Frame>(&send->frame) : nullptr;
      if (frame) {
        taken.push_back(std::move(*frame));
      } else {
        rest.push_back(std::move(action));
      }
    }
    actions_ = std::move(rest);
    return taken;
  }

  // Answers every commit and load until nothing is left to answer; the store has no gaps and no
  // outbox unless set.
  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (CommitBatch& commit : Take<CommitBatch>()) {
        committed_.push_back(std::move(commit.batch));
        Record(committed_.back());
        Step(Committed{commit.number});
        busy = true;
      }
      for (LoadPlan& load : Take<LoadPlan>()) {
        planned_for_ = load.active;
        Step(PlanLoaded{std::exchange(plan_, {})});
        busy = true;
      }
      for (const LoadGaps& load : Take<LoadGaps>()) {
        looked_at_.push_back(load.conversation);
        Step(GapsLoaded{load.conversation, std::exchange(gaps_, {})});
        busy = true;
      }
      for ([[maybe_unused]] const LoadOutbox& load : Take<LoadOutbox>()) {
        Step(OutboxLoaded{{outbox_, revision_}});
        busy = true;
      }
    }
  }

  template <typename Op>
  std::vector<Op> CommittedOps() const {
    std::vector<Op> found;
    for (const store::Batch& batch : committed_) {
      for (const store::Operation& operation : batch.operations) {
        if (const auto* op = std::get_if<Op>(&operation)) found.push_back(*op);
      }
    }
    return found;
  }

  State Shown() {
    for (Publish& publish : Take<Publish>()) shown_ = std::move(publish.status);
    return shown_.state;
  }

  void Start(std::optional<SyncCursor> cursor = std::nullopt,
             std::vector<ConversationId> active = {}) {
    store::SyncState sync;
    sync.initial_sync_done = cursor.has_value();
    sync.cursor = std::move(cursor);
    Step(Started{std::move(sync), std::move(active)});
    Settle();
  }

  transport::Welcome Welcome(transport::Resume resume, std::uint64_t head) {
    transport::Welcome welcome;
    welcome.user = UserId("ada");
    welcome.resume = resume;
    welcome.cursor = {"e1", head};
    welcome.limits = {1 << 20, 65'536, 200, 64, 1'000};
    welcome.heartbeat = milliseconds(30'000);
    welcome.can_edit = true;
    welcome.can_delete = true;
    return welcome;
  }

  void Connect(transport::Resume resume, std::uint64_t head) {
    Step(Connected{});
    Step(Received{Welcome(resume, head)});
    Settle();
  }

  // Up to date with a cursor at 100.
  void GoLive() {
    Start(SyncCursor{"e1", 100});
    Connect(transport::Resume::kOk, 100);
    ASSERT_EQ(Shown(), State::kLive);
    actions_.clear();
    committed_.clear();
  }

  static transport::Changes ChangesOf(std::uint64_t from, std::uint64_t to,
                                      std::vector<Message> messages = {}) {
    transport::Changes changes;
    changes.from = {"e1", from};
    changes.to = {"e1", to};
    for (Message& message : messages) changes.changes.emplace_back(std::move(message));
    return changes;
  }

  static Message MessageOf(const char* id, Sequence sequence) {
    Message message;
    message.id = MessageId(id);
    message.conversation = ConversationId("c");
    message.sequence = sequence;
    message.revision = 1;
    return message;
  }

  static ConversationSummary SummaryOf(const char* id, Sequence last) {
    ConversationSummary summary;
    summary.id = ConversationId(id);
    summary.last_sequence = last;
    return summary;
  }

  // A send, of now.
  [[nodiscard]] OutboxEntry EntryOf(std::uint64_t position, const char* conversation = "c",
                                    Delivery delivery = Delivery::kQueued) const {
    OutboxEntry entry;
    entry.position = position;
    entry.conversation = ConversationId(conversation);
    entry.message = MessageId("m" + std::to_string(position));
    entry.delivery = delivery;
    entry.submitted_at = wall_;
    return entry;
  }

  OutboxEntry Queue(std::uint64_t position, const char* conversation) {
    const OutboxEntry entry = EntryOf(position, conversation);
    Put(entry);
    return entry;
  }

  // The store's outbox has this entry from now on.
  void Put(const OutboxEntry& entry) {
    Forget(entry.position);
    outbox_.push_back(entry);
    Step(OutboxChanged{++revision_, {entry}, {}});
    Settle();
  }

  void Remove(std::uint64_t position) {
    Forget(position);
    Step(OutboxChanged{++revision_, {}, {position}});
    Settle();
  }

  void Refuse(transport::RequestId request, transport::RefusedCode code,
              milliseconds retry_after = milliseconds(0)) {
    transport::Refused refused;
    refused.request = request;
    refused.code = code;
    refused.retry_after = retry_after;
    Step(Received{refused});
    Settle();
  }

  void Acknowledge(transport::RequestId request, Sequence sequence = 12,
                   std::uint64_t revision = 1) {
    transport::Ack ack;
    ack.request = request;
    ack.sequence = sequence;
    ack.revision = revision;
    Step(Received{ack});
    Settle();
  }

  Machine machine_;
  Clock::Instant mono_{milliseconds(1'000'000)};
  WallTime wall_{milliseconds(1'700'000'000'000)};
  Actions actions_;
  std::vector<store::Batch> committed_;
  std::vector<OutboxEntry> outbox_;
  LocalRevision revision_ = 0;
  std::vector<ConversationId> planned_for_;
  store::FetchPlan plan_;
  std::vector<ConversationId> looked_at_;
  std::vector<store::FetchItem> gaps_;
  Status shown_;

 private:
  // What the batch makes of the outbox, as far as the machine has to hear of it.
  void Record(const store::Batch& batch) {
    for (const store::Operation& operation : batch.operations) {
      if (const auto* failed = std::get_if<store::FailEntry>(&operation))
        Become(failed->position, Delivery::kFailed);
      if (const auto* expired = std::get_if<store::ExpireEntries>(&operation)) {
        for (const std::uint64_t position : expired->positions)
          Become(position, Delivery::kExpired);
      }
    }
  }

  void Become(std::uint64_t position, Delivery delivery) {
    for (OutboxEntry& entry : outbox_) {
      if (entry.position != position) continue;
      entry.delivery = delivery;
      Step(OutboxChanged{++revision_, {entry}, {}});
    }
  }

  void Forget(std::uint64_t position) {
    std::erase_if(outbox_,
                  [position](const OutboxEntry& entry) { return entry.position == position; });
  }
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_MACHINE_FIXTURE_H_
