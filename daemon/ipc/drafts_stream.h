// A stream that follows the drafts. Only the latest text of each is worth anything, so the stream
// holds none: it remembers which version the client knows, and reads what is newer when it can
// write.

#ifndef HARK_DAEMON_IPC_DRAFTS_STREAM_H_
#define HARK_DAEMON_IPC_DRAFTS_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/account/accounts.h"
#include "daemon/bus/event_bus.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/model/ids.h"

namespace hark::ipc {

// Unlike a WatchStream it does not follow commits: a draft is shown before it is written
// (docs/adr/0019).
class DraftsStream final : public StreamReactor, private bus::Subscriber {
 public:
  // For a handler to return. Of one conversation, or of all. The stream belongs to `account` for
  // its life and ends with ABORTED when another is signed in.
  [[nodiscard]] static Result<ByteStream*> Start(StreamRegistry& registry,
                                                 std::shared_ptr<account::OpenAccount> account,
                                                 std::optional<ConversationId> conversation,
                                                 std::string_view resume_token);

 private:
  DraftsStream(StreamRegistry& registry, std::shared_ptr<account::OpenAccount> account,
               std::optional<ConversationId> conversation)
      : StreamReactor(registry),
        account_(std::move(account)),
        conversation_(std::move(conversation)) {}

  void Begin(std::string_view resume_token);
  void OnDraft(const ConversationId& conversation, std::uint64_t version);

  [[nodiscard]] Work NextWork() override;
  [[nodiscard]] Result<Event> Prepare() override;
  void Detach() override;

  // Only its end matters here: that of the account.
  void OnCommit(std::shared_ptr<const Commit>) override {}
  void OnEphemeral(std::shared_ptr<const bus::Ephemeral>) override {}
  void OnClosed(const Error& why) override;

  std::shared_ptr<account::OpenAccount> account_;
  const std::optional<ConversationId> conversation_;
  std::unique_ptr<bus::Subscription> closing_;
  std::unique_ptr<account::UserState::Subscription> subscription_;
  // Guarded by mutex().
  std::optional<std::uint64_t> known_;  // The client's version; absent: a snapshot comes first.
  std::uint64_t wanted_ = 0;            // The newest version that concerns it.
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_DRAFTS_STREAM_H_
