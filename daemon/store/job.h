// One call of the Writer on its way to the disk.

#ifndef HARK_DAEMON_STORE_JOB_H_
#define HARK_DAEMON_STORE_JOB_H_

#include <cstddef>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/store/writer.h"

namespace hark::store {

class JobContext;

class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  // Does it, on the writer's thread. A failure undoes what it wrote. May be called again, after
  // everything was undone, when the group that it was in could not be committed.
  virtual Result<void> Run(JobContext& context) = 0;

  // What it wrote was undone, and its group goes on without it: known before the next job of the
  // group runs.
  virtual void Undone() {}

  // Tells the caller: the revision that made it visible, or why it failed. Called exactly once.
  virtual void Answer(Result<LocalRevision> result) = 0;

  // It fails only if something is broken, and writes nothing of what the user did unless something
  // of it is pending: its group may be undone with it, and each job be run alone then.
  [[nodiscard]] virtual bool SharesFate() const { return false; }

  // All that it does is in authored.db; what it writes in cache.db follows from that, and is put
  // right when the files are opened again. So it is done as soon as authored.db has it.
  [[nodiscard]] virtual bool IsAuthored() const { return false; }

  // One of a series, the later ones of which fail with it: it may take the places in the queue that
  // are kept free for such (limits::kWriterReserve).
  [[nodiscard]] virtual bool IsOfASeries() const { return false; }

  // Whether what comes behind it may be done before it, or it before what waits. A call of a UI may
  // come at any moment; a slice does not hurry.
  [[nodiscard]] virtual Order order() const {
    return IsSlice() ? Order::kInPlace : Order::kMayGoAhead;
  }

  // Somebody waits for this answer: given as soon as authored.db has it (IsAuthored), before those
  // who watch are told.
  [[nodiscard]] virtual bool AnswersFirst() const { return false; }

  // One of many in a row, none of which is to keep others waiting for long; what its checkpoint
  // copies counts.
  [[nodiscard]] virtual bool IsSlice() const { return false; }

  // Bytes of content, about: bounds the groups.
  [[nodiscard]] virtual std::size_t Weight() const = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_JOB_H_
