// A stream that follows the account's commits: WatchConversations and WatchMessages. First a
// snapshot (or, with a good resume token, Resumed and what the change log says was missed), then
// one event for each commit that concerns it; a snapshot again if the client fell too far behind.

#ifndef HARK_DAEMON_IPC_WATCH_STREAM_H_
#define HARK_DAEMON_IPC_WATCH_STREAM_H_

#include <memory>
#include <optional>
#include <string_view>

#include "daemon/account/accounts.h"
#include "daemon/bus/event_bus.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/ipc/watch_queue.h"
#include "daemon/ipc/watch_topic.h"

namespace hark::ipc {

class WatchStream final : public StreamReactor, private bus::Subscriber {
 public:
  // For a handler to return. The stream belongs to `account` for its life and ends with ABORTED
  // when another is signed in.
  [[nodiscard]] static Result<ByteStream*> Start(StreamRegistry& registry,
                                                 std::shared_ptr<account::OpenAccount> account,
                                                 std::unique_ptr<const WatchTopic> topic,
                                                 std::string_view resume_token);

 private:
  WatchStream(StreamRegistry& registry, std::shared_ptr<account::OpenAccount> account,
              std::unique_ptr<const WatchTopic> topic)
      : StreamReactor(registry), account_(std::move(account)), topic_(std::move(topic)) {}

  void Begin(std::string_view resume_token);

  [[nodiscard]] Work NextWork() override;
  [[nodiscard]] Result<Event> Prepare() override;
  void Detach() override;

  [[nodiscard]] Result<Event> ReadSnapshot();
  [[nodiscard]] Result<Event> ReadMissed(LocalRevision since);

  void OnCommit(std::shared_ptr<const Commit> commit) override;
  void OnEphemeral(std::shared_ptr<const bus::Ephemeral> ephemeral) override;
  void OnClosed(const Error& why) override;

  std::shared_ptr<account::OpenAccount> account_;
  const std::unique_ptr<const WatchTopic> topic_;
  std::unique_ptr<bus::Subscription> subscription_;
  WatchQueue queue_;  // Guarded by mutex().
  // Guarded by mutex(). Up to where the client has what the change log tells; while set, the log
  // comes before the queue.
  std::optional<LocalRevision> missed_since_;
  // The first page of it, read in the handler; afterwards Prepare()'s alone.
  std::optional<store::ChangesPage> missed_;
  // Guarded by mutex(). The last snapshot did; or it may have: of a stream that resumes, and while
  // one is being read, that is not known. One snapshot too many is harmless.
  bool ended_at_gap_ = true;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_WATCH_STREAM_H_
