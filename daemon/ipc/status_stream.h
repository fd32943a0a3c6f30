// A stream that follows the sync status. Only the latest is worth anything, so a slow client skips
// what it was too slow for.

#ifndef HARK_DAEMON_IPC_STATUS_STREAM_H_
#define HARK_DAEMON_IPC_STATUS_STREAM_H_

#include <memory>
#include <optional>

#include "daemon/ipc/stream_reactor.h"
#include "daemon/sync/status.h"

namespace hark::ipc {

class StatusStream final : public StreamReactor {
 public:
  // For a handler to return.
  [[nodiscard]] static Result<ByteStream*> Start(StreamRegistry& registry,
                                                 sync::StatusBoard& board);

 private:
  explicit StatusStream(StreamRegistry& registry) : StreamReactor(registry) {}

  [[nodiscard]] Work NextWork() override;
  [[nodiscard]] Result<Event> Prepare() override;
  void Detach() override;

  std::unique_ptr<sync::StatusBoard::Subscription> subscription_;
  std::optional<sync::Status> latest_;  // Guarded by mutex(). Not written yet.
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_STATUS_STREAM_H_
