// What a local client asks, checked, written to the store, and told to the engine if there is one.

#ifndef HARK_DAEMON_SYNC_LOCAL_INTENTS_H_
#define HARK_DAEMON_SYNC_LOCAL_INTENTS_H_

#include <memory>
#include <mutex>

#include "daemon/base/clock.h"
#include "daemon/model/commit.h"
#include "daemon/store/writer.h"
#include "daemon/sync/engine.h"
#include "daemon/sync/intents.h"

namespace hark::sync {

// Thread-safe. The writer and the clock outlive it.
class LocalIntents final : public Intents {
 public:
  LocalIntents(store::Writer& writer, const Clock& clock) : writer_(writer), clock_(clock) {}

  // The engine to tell; none while nobody is signed in: then sends are refused, since nothing would
  // ever deliver them.
  void Attach(const std::shared_ptr<Engine>& engine);
  // Another engine follows soon: what is sent meanwhile waits for it.
  void Pause();
  void Detach();

  // From the store, after each commit, in order. False: it changed what waits to be sent, and
  // nobody syncs who would count that.
  bool OnCommit(const Commit& commit);

  // kUnauthenticated: nobody is signed in.
  void Send(Draft draft, Done<Message> done) override;
  void Act(MessageAction action, Done<Message> done) override;
  void RetryAll(std::optional<ConversationId> conversation, Done<std::uint32_t> done) override;
  void MarkRead(ConversationId conversation, std::optional<MessageId> up_to,
                Done<Conversation> done) override;
  void Open(ConversationId conversation, Done<LocalRevision> done) override;
  void Close(ConversationId conversation, Done<LocalRevision> done) override;
  void Fetch(Gap gap) override;
  void SyncNow() override;

 private:
  [[nodiscard]] std::shared_ptr<Engine> Attached() const;
  [[nodiscard]] bool IsSignedIn() const;

  store::Writer& writer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  bool is_signed_in_ = false;
  std::weak_ptr<Engine> engine_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_LOCAL_INTENTS_H_
