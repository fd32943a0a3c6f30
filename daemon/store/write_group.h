// Group commit: jobs that wait together share one transaction per file, and yet each fails or
// succeeds alone.

#ifndef HARK_DAEMON_STORE_WRITE_GROUP_H_
#define HARK_DAEMON_STORE_WRITE_GROUP_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/model/commit.h"
#include "daemon/store/connection.h"
#include "daemon/store/job.h"
#include "daemon/store/job_context.h"
#include "daemon/store/sending_set.h"
#include "daemon/store/store_position.h"
#include "daemon/store/transaction.h"

namespace hark::store {

using OpenConnection = std::function<std::unique_ptr<Connection>()>;
using OnCommit = std::function<void(std::shared_ptr<const Commit>)>;

// Owns the two connections that write. Used by one thread at a time: by Open(), then by the
// writer's thread.
//
// The order of the two commits. A send that was acknowledged must be durable in cache.db before it
// leaves authored.db, so a group that moves one commits cache.db first and syncs it. Any other
// group commits authored.db first: what the user was promised is in it, and what cache.db then
// lacks is put right at the next opening (repair.h).
class GroupWriter {
 public:
  // Opens both. May throw SQLite::Exception.
  GroupWriter(OpenConnection open_cache, OpenConnection open_authored, const Clock& clock,
              StorePosition& position);

  [[nodiscard]] Connection& cache() { return *cache_; }
  [[nodiscard]] Connection& authored() { return *authored_; }

  // Whom later commits are announced to.
  void Announce(OnCommit on_commit) { on_commit_ = std::move(on_commit); }

  // Runs and commits the jobs, announces the commit, answers each.
  void Run(std::span<const std::unique_ptr<Job>> jobs);

  // Checkpoints when the WAL has grown; to be called between groups.
  void Maintain() { Checkpoint(false); }

  // Leaves no WAL if it can, and closes the files.
  void Close();

 private:
  // Nothing when the group could not be committed, with `failure_` saying why; otherwise one result
  // per job.
  std::optional<std::vector<Result<LocalRevision>>> TryCommit(
      std::span<const std::unique_ptr<Job>> jobs, bool is_rerun);
  Result<void> RunJob(Job& job, GroupTransaction& cache, GroupTransaction& authored,
                      Changes& changes, bool is_rerun);
  void CommitFiles(GroupTransaction& cache, GroupTransaction& authored, bool moves);
  std::shared_ptr<Commit> MakeCommit(Changes changes);
  void Checkpoint(bool everything);
  // Opens again what an error broke. False: not possible now.
  bool Reopen();

  const OpenConnection open_cache_;
  const OpenConnection open_authored_;
  const Clock& clock_;
  StorePosition& position_;
  OnCommit on_commit_;

  std::unique_ptr<Connection> cache_;
  std::unique_ptr<Connection> authored_;
  SendingSet sending_;
  bool broken_ = false;
  Error failure_{ErrorCode::kInternal, ""};
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WRITE_GROUP_H_
