// The real store under scripts of sends: one store, a conversation for each script, and somebody
// who watches it through what the store announces.

#ifndef HARK_TESTS_SIM_SCRIPTED_STORE_H_
#define HARK_TESTS_SIM_SCRIPTED_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/sqlcipher_store.h"
#include "tests/support/fake_time.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/sync/script_store.h"

namespace hark::sim {

// On a disk that does not really sync; each call of the Writer is a commit of its own. One thread.
class HandWrittenStore {
 public:
  HandWrittenStore();
  HandWrittenStore(const HandWrittenStore&) = delete;
  HandWrittenStore& operator=(const HandWrittenStore&) = delete;

  [[nodiscard]] store::SqlcipherStore& store() { return *store_; }
  // Writes what waits; what was announced.
  std::vector<std::shared_ptr<const Commit>> Write();

 private:
  test::ScratchFolder folder_;
  fault::FaultVfs disk_;
  test::CountingClock clock_;
  std::vector<std::shared_ptr<const Commit>> announced_;
  std::unique_ptr<store::SqlcipherStore> store_;
};

// A new conversation of that store. Whoever watches it is told of each change, and of nothing else.
class ScriptedStore final : public sync::ScriptStore {
 public:
  ScriptedStore(HandWrittenStore& store, ConversationId conversation);

  void EnqueueSend(const MessageId& id, std::string content, bool leaves_now) override;
  bool Act(const MessageId& id, const decltype(MessageAction::what)& what) override;
  void Apply(const store::Batch& batch) override;
  std::optional<sync::OutboxChanged> TakeDelta() override;
  std::vector<sync::Update> TakeUpdates() override;
  store::OutboxState ReadOutbox() override;
  std::optional<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) override;
  SyncCursor cursor() override;
  std::optional<Message> Show(const MessageId& id) override;

  // Whether the page has just the rows that the one who watches has, as he has them.
  void CheckPage();
  // What is wrong, in a sentence; empty if nothing is.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  void Write();
  void Watch(const Commit& commit);
  void Complain(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  HandWrittenStore& real_;
  const ConversationId conversation_;
  std::optional<sync::OutboxChanged> delta_;
  std::vector<sync::Update> updates_;
  std::map<MessageId, Message> shown_;  // To the one who watches.
  std::string wrong_;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_SCRIPTED_STORE_H_
