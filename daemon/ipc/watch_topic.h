// What a watching stream is about: which commits concern it, and how they, snapshots and ephemerals
// look as its events.

#ifndef HARK_DAEMON_IPC_WATCH_TOPIC_H_
#define HARK_DAEMON_IPC_WATCH_TOPIC_H_

#include <cstddef>
#include <memory>

#include <google/protobuf/message_lite.h>

#include "daemon/base/result.h"
#include "daemon/bus/event_bus.h"
#include "daemon/ipc/watch_queue.h"
#include "daemon/model/commit.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// Immutable; called from any thread. Only Read() and Check() touch the store.
class WatchTopic {
 public:
  using Event = std::unique_ptr<google::protobuf::MessageLite>;

  struct Snapshot {
    Event event;
    LocalRevision revision = 0;
    // A gap lies just before what it shows: when the gap changes, the client needs another
    // snapshot.
    bool ended_at_gap = false;
  };

  WatchTopic() = default;
  WatchTopic(const WatchTopic&) = delete;
  WatchTopic& operator=(const WatchTopic&) = delete;
  virtual ~WatchTopic() = default;

  // kNotFound: what is watched does not exist.
  [[nodiscard]] virtual Result<void> Check(store::Reader& reader) const = 0;
  [[nodiscard]] virtual Result<Snapshot> Read(store::Reader& reader) const = 0;

  // About the size of Delta(); 0 if the commit holds nothing for this stream.
  [[nodiscard]] virtual std::size_t Weight(const Commit& commit) const = 0;
  // The commit with what Delta() needs of it and little else. It waits in a queue that weighs only
  // that, and a commit of a sync may be a thousand times as large.
  [[nodiscard]] virtual std::shared_ptr<const Commit> Part(
      std::shared_ptr<const Commit> commit) const = 0;
  // The commit changed a gap that a snapshot may have ended at.
  [[nodiscard]] virtual bool ChangesGap(const Commit& commit) const = 0;
  [[nodiscard]] virtual bool Wants(const bus::Ephemeral& ephemeral) const = 0;

  // What of the change log concerns it.
  [[nodiscard]] virtual store::ChangesQuery Changes(LocalRevision since) const = 0;

  // Events that bring the client to `place`.
  [[nodiscard]] virtual Event Resumed(LocalRevision revision) const = 0;
  [[nodiscard]] virtual Event Delta(const Commit& commit, const StreamPlace& place) const = 0;
  // Leaves the client at `place`.
  [[nodiscard]] virtual Event Passing(const bus::Ephemeral& ephemeral,
                                      const StreamPlace& place) const = 0;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_WATCH_TOPIC_H_
