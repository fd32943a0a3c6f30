// A server stream whose events come from a source that takes a while to begin: an export or a
// backup.

#ifndef HARK_DAEMON_IPC_ARCHIVE_STREAM_H_
#define HARK_DAEMON_IPC_ARCHIVE_STREAM_H_

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "daemon/ipc/archive_slot.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {

class ArchiveStream final : public StreamReactor {
 public:
  // The next event; null: that was the last. Milliseconds.
  using Next = std::function<Result<Event>()>;
  struct Source {
    Event first;
    Next next;
  };
  // Makes the source; may take long, and looks at the flag meanwhile.
  using Open = std::function<Result<Source>(const std::atomic<bool>& cancelled)>;

  // For a handler to return. Opens the source on `queue`, then writes what it gives, one event at a
  // time, so that no more than one waits for the client.
  [[nodiscard]] static Result<ByteStream*> Start(StreamRegistry& registry, WorkQueue& queue,
                                                 std::unique_ptr<ArchiveSlot> slot, Open open);

 private:
  ArchiveStream(StreamRegistry& registry, std::unique_ptr<ArchiveSlot> slot, Open open)
      : StreamReactor(registry), slot_(std::move(slot)), open_(std::move(open)) {}

  // On the queue's thread.
  void Begin();

  [[nodiscard]] Work NextWork() override { return ReadFirst{}; }
  [[nodiscard]] Result<Event> Prepare() override;
  void Ending() override { cancelled_ = true; }
  void Detach() override;

  std::unique_ptr<ArchiveSlot> slot_;
  Open open_;
  Next next_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_ARCHIVE_STREAM_H_
