// What waits to be written to one stream: commits in order, bounded; a snapshot when the order was
// lost; and beside them the ephemeral lane, of which only the latest is worth anything. Pure: no
// gRPC, no thread, no clock.

#ifndef HARK_DAEMON_IPC_WATCH_QUEUE_H_
#define HARK_DAEMON_IPC_WATCH_QUEUE_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "daemon/bus/event_bus.h"
#include "daemon/model/commit.h"
#include "daemon/model/ids.h"

namespace hark::ipc {

// Where an event leaves its client.
struct StreamPlace {
  LocalRevision revision = 0;
  // Whoever goes on from here misses nothing: behind `revision` while the client is owed a
  // snapshot, so that the commit that made it necessary is seen again.
  LocalRevision resume = 0;
};

// Not thread-safe: the stream guards it.
//
// The order of what Take() yields: commits, then a wanted snapshot, then ephemerals. So an
// ephemeral is never ahead of a commit, and since one write is in flight at a time it delays one by
// no more than itself. While a write is in flight, ephemerals replace each other; that bounds their
// rate to what the client takes, without a timer.
class WatchQueue {
 public:
  struct NothingToDo {};
  // BeginSnapshot() was done: the stream reads one now, and then calls StartAt() with its revision.
  struct ReadSnapshot {};
  struct Delta {
    std::shared_ptr<const Commit> commit;
    // At the commit's own revision, or that of the last of the commits after it that hold nothing
    // for this stream.
    StreamPlace place;
  };
  struct Passing {
    std::shared_ptr<const bus::Ephemeral> ephemeral;
    StreamPlace place;
  };
  using Item = std::variant<NothingToDo, ReadSnapshot, Delta, Passing>;

  // A commit with something for this stream, of about `bytes`. One too many empties the queue and
  // wants a snapshot; so does a single one of more than limits::kStreamQueueBytes.
  void Push(std::shared_ptr<const Commit> commit, std::size_t bytes);

  // A commit with nothing for this stream: only its revision counts.
  void Skip(LocalRevision revision);

  // Replaces a waiting one of the same message (or, for typing, role).
  void PutPassing(std::shared_ptr<const bus::Ephemeral> ephemeral);

  // What the client holds is to be replaced once the waiting commits are written. To be called
  // before Push() or Skip() of the commit that made it necessary.
  void WantSnapshot();

  // A snapshot is about to be read: commits from here on are kept for after it.
  void BeginSnapshot();

  // The client is, or is about to be, at `revision`: forgets the commits that this contains.
  void StartAt(LocalRevision revision);

  // The next thing to write.
  [[nodiscard]] Item Take();

  // Commits were lost, so resuming is impossible without a snapshot.
  [[nodiscard]] bool lost() const { return lost_; }

  // Where the client is after everything that was taken.
  [[nodiscard]] StreamPlace place() const;

 private:
  struct Waiting {
    std::shared_ptr<const Commit> commit;
    LocalRevision revision = 0;
    std::size_t bytes = 0;
  };

  // Up to where the stream has heard of every commit: the revision of the last that waits, or the
  // client's.
  [[nodiscard]] LocalRevision& heard();
  void Lose();
  void ForgetPartialsOf(const Commit& commit);

  std::deque<Waiting> commits_;
  std::size_t bytes_ = 0;
  std::vector<std::shared_ptr<const bus::Ephemeral>> passing_;  // Oldest first; at most kPassing.
  bool snapshot_wanted_ = false;
  bool lost_ = false;
  LocalRevision revision_ = 0;
  // Of before the first commit that wanted the snapshot that is owed.
  std::optional<LocalRevision> before_wanted_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_WATCH_QUEUE_H_
