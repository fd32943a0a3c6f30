// The life of two sends of one conversation, of which the first has a script
// (tests/support/send_scripts.h): the real machine, a model of the backend, and a store.

#ifndef HARK_TESTS_UNIT_SYNC_SEND_WORLD_H_
#define HARK_TESTS_UNIT_SYNC_SEND_WORLD_H_

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "daemon/sync/machine.h"
#include "tests/support/send_scripts.h"
#include "tests/unit/sync/model_backend.h"
#include "tests/unit/sync/script_store.h"

namespace hark::sync {

// One thread; whatever an event causes has happened when its call returns.
class SendWorld {
 public:
  // `store` has the conversation and nothing in it, at position 0 of the log "e1", and outlives
  // this.
  SendWorld(ScriptStore& store, MessageId first, MessageId second);

  void Run(test::SendEvent event);
  // Lets everything that is under way arrive.
  void Finish();

  // After Finish(): whether all is as the person wants it, and the same at both ends.
  void Check();
  // What is wrong, in a sentence; empty if nothing is.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

  // What one who watches the conversation has heard since the last call.
  [[nodiscard]] std::vector<Update> TakeUpdates();

 private:
  void Expect(bool holds, const char* what) {
    if (!holds && wrong_.empty()) wrong_ = what;
  }

  bool Act(const decltype(MessageAction::what)& what);
  void Send(const MessageId& id, std::string content);
  bool Echo();
  void Drop();
  void Expire();
  // At the first message, as somebody who sees it.
  void Look();
  void CheckFirst();

  void Tell();
  void Feed(Input input);
  void Do(OpenConnection&);
  void Do(SendFrame& send) { backend_.Send(std::move(send.frame)); }
  void Do(SendEntry& send);
  void Do(CommitBatch& commit);
  void Do(LoadOutbox&) { Feed(OutboxLoaded{store_.ReadOutbox()}); }
  void Do(LoadPlan&) { Feed(PlanLoaded{}); }
  template <typename Other>
  void Do(Other&) {}

  ScriptStore& store_;
  const MessageId first_;
  const MessageId second_;
  ModelBackend backend_;
  Machine machine_{MachineOptions{UserId("ada"), 1}};
  std::deque<Input> inputs_;
  bool feeding_ = false;
  Clock::Instant now_{std::chrono::milliseconds(1'000'000)};
  std::vector<Update> updates_;
  int edits_ = 0;
  std::string last_text_ = "first";
  bool taken_back_ = false;  // An edit, perhaps.
  bool withdrawn_ = false;
  bool gone_ = false;
  bool has_expired_ = false;
  bool was_sent_ = false;
  std::string wrong_;
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_SEND_WORLD_H_
