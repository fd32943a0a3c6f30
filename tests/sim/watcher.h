// A UI that follows one conversation: a snapshot of its newest page, then what each commit brings,
// applied by id, as docs/streams.md says. In the end it has to equal the store.

#ifndef HARK_TESTS_SIM_WATCHER_H_
#define HARK_TESTS_SIM_WATCHER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/bus/event_bus.h"
#include "daemon/store/reader.h"

namespace hark::sim {

class Watcher final : public bus::Subscriber {
 public:
  explicit Watcher(ConversationId conversation) : conversation_(std::move(conversation)) {}

  // To a store and its bus; again after each restart. It goes on after the last revision that it
  // saw if the change log reaches that far.
  void Attach(store::Reader& reader, std::shared_ptr<bus::EventBus> bus);
  void Detach() { subscription_.reset(); }
  // The machine went down with it.
  void Forget() {
    shown_.clear();
    revision_ = 0;
  }

  void OnCommit(std::shared_ptr<const Commit> commit) override;
  void OnEphemeral(std::shared_ptr<const bus::Ephemeral>) override {}
  void OnClosed(const Error&) override {}

  // Reads again if a gap changed. Not from inside a commit.
  void CatchUp();

  // What is wrong, in a sentence; empty if nothing is. `pending`: the newest page of the store.
  [[nodiscard]] std::string Compare(const store::MessagePage& newest) const;
  [[nodiscard]] const ConversationId& conversation() const { return conversation_; }
  // What went wrong on the way; empty if nothing did.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  void TakeSnapshot();
  // What it missed. False: the log cannot say.
  bool ReadMissed();
  void Apply(const Commit& commit);
  void Show(const Message& message);

  const ConversationId conversation_;
  store::Reader* reader_ = nullptr;
  std::unique_ptr<bus::Subscription> subscription_;
  std::map<MessageId, Message> shown_;
  LocalRevision revision_ = 0;
  std::optional<Sequence> oldest_;  // In the last snapshot.
  bool stale_ = false;
  std::string complaint_;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_WATCHER_H_
