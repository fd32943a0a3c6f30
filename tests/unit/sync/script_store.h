// What a script of sends (tests/support/send_scripts.h) runs over: a store, model or real, and what
// one who watches the conversation hears of it.

#ifndef HARK_TESTS_UNIT_SYNC_SCRIPT_STORE_H_
#define HARK_TESTS_UNIT_SYNC_SCRIPT_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/model/message_action.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/machine_io.h"
#include "tests/unit/sync/model_store.h"

namespace hark::sync {

// What a commit says of one message: as it is shown from now on, or that it is gone.
struct Update {
  MessageId id;
  std::optional<Message> shown;
};

// Each call that changes something is one commit.
class ScriptStore {
 public:
  ScriptStore() = default;
  ScriptStore(const ScriptStore&) = delete;
  ScriptStore& operator=(const ScriptStore&) = delete;
  virtual ~ScriptStore() = default;

  virtual void EnqueueSend(const MessageId& id, std::string content, bool leaves_now) = 0;
  // False: the action does not fit the state.
  virtual bool Act(const MessageId& id, const decltype(MessageAction::what)& what) = 0;
  virtual void Apply(const store::Batch& batch) = 0;

  // What the last of these made of the outbox; absent: nothing.
  virtual std::optional<OutboxChanged> TakeDelta() = 0;
  // What it told those who watch the conversation.
  virtual std::vector<Update> TakeUpdates() = 0;

  virtual store::OutboxState ReadOutbox() = 0;
  virtual std::optional<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) = 0;
  virtual SyncCursor cursor() = 0;
  // The message as it is shown; absent: it is not.
  virtual std::optional<Message> Show(const MessageId& id) = 0;
};

// Tells of each change of what is shown, once.
class ModelScriptStore final : public ScriptStore {
 public:
  void EnqueueSend(const MessageId& id, std::string content, bool /*leaves_now*/) override {
    model_.EnqueueSend(id, std::move(content));
    shown_.try_emplace(id);
    Look();
  }
  bool Act(const MessageId& id, const decltype(MessageAction::what)& what) override {
    const bool fits = std::visit([&](const auto& one) { return model_.Act(id, one); }, what);
    Look();
    return fits;
  }
  void Apply(const store::Batch& batch) override {
    model_.Apply(batch);
    Look();
  }
  std::optional<OutboxChanged> TakeDelta() override { return model_.TakeDelta(); }
  std::vector<Update> TakeUpdates() override { return std::exchange(updates_, {}); }
  store::OutboxState ReadOutbox() override { return model_.ReadOutbox(); }
  std::optional<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) override {
    return model_.ReadOutgoing(position);
  }
  SyncCursor cursor() override { return *model_.cursor(); }
  std::optional<Message> Show(const MessageId& id) override { return model_.Show(id); }

 private:
  void Look() {
    for (auto& [id, before] : shown_) {
      std::optional<Message> now = model_.Show(id);
      if (now == before) continue;
      updates_.push_back({id, now});
      before = std::move(now);
    }
  }

  ModelStore model_;
  std::map<MessageId, std::optional<Message>> shown_;
  std::vector<Update> updates_;
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_SCRIPT_STORE_H_
