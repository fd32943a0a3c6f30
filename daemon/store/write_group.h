// Group commit: jobs that wait together share one transaction per file, and yet each fails or
// succeeds alone.

#ifndef HARK_DAEMON_STORE_WRITE_GROUP_H_
#define HARK_DAEMON_STORE_WRITE_GROUP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <SQLiteCpp/Exception.h>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/model/commit.h"
#include "daemon/store/connection.h"
#include "daemon/store/damage_report.h"
#include "daemon/store/in_flight.h"
#include "daemon/store/job.h"
#include "daemon/store/job_context.h"
#include "daemon/store/pending_book.h"
#include "daemon/store/store_position.h"
#include "daemon/store/transaction.h"

namespace hark::store {

using OpenConnection = std::function<std::unique_ptr<Connection>()>;
using OnCommit = std::function<void(std::shared_ptr<const Commit>)>;
// Whether a group that has so many bytes so far ends before this job, since somebody else waits.
using LetsPass = std::function<bool(const Job& next, std::size_t bytes)>;

// Who waits for the writer: a checkpoint holds them up.
enum class Waiting : std::uint8_t {
  kNobody,
  kSome,   // Only what has to be is done.
  kHurry,  // Somebody for whom a group was cut short: it is put off as long as the log allows.
};

// Owns the two connections that write. Used by one thread at a time: by Open(), then by the
// writer's thread.
//
// The order of the two commits. What was acknowledged must be in cache.db before it leaves
// authored.db, so a group that settles something commits cache.db first; sends leave later, with
// RemoveSettled(). A group with something that the user did commits authored.db first: what was
// promised is in it, and what cache.db then lacks is put right at the next opening (row_repair.h).
// Jobs of the two kinds never share a group: a failure of the second commit would leave one of them
// half done and visible.
//
// After an I/O error both connections are opened again before anything else, and no descriptor is
// synced again whose sync failed. The new connections are opened before the old ones are closed: so
// the shared index of the log lives on, and what a failed commit left in the log is not taken for a
// commit. What is in the log is then written and synced anew, since a sync that succeeds later does
// not mean that it ever was.
class GroupWriter {
 public:
  // Opens both. May throw SQLite::Exception.
  // `position` and `damage` outlive it.
  GroupWriter(OpenConnection open_cache, OpenConnection open_authored, const Clock& clock,
              StorePosition& position, DamageReport& damage);

  [[nodiscard]] Connection& cache() { return *cache_; }
  [[nodiscard]] Connection& authored() { return *authored_; }

  // Before anything is written: copies both logs into their files, and cuts them off. What a power
  // loss left of torn commits would else be behind the next commits, as if it belonged to them.
  // kResourceExhausted: not possible now.
  [[nodiscard]] Result<void> EmptyLogs();

  // Before the first Run(): `position` says at which revision the store stands. May throw
  // SQLite::Exception. `forget`: what the log says is of no use, since something of what was
  // promised, or of what was announced, is lost.
  void BeginLog(bool forget);

  // Whom later commits are announced to.
  void Announce(OnCommit on_commit) { on_commit_ = std::move(on_commit); }

  // Runs and commits the jobs, announces the commit, answers each; some are answered first. How
  // many: all, unless `lets_pass` says to end before one of them.
  std::size_t Run(std::span<const std::unique_ptr<Job>> jobs, const LetsPass& lets_pass = nullptr);

  // Checkpoints when the WAL has grown; to be called between groups. `after_slice`: little at a
  // time, since another slice follows.
  void Maintain(Waiting waiting, bool after_slice);

  // There is something to do for when nobody waits.
  [[nodiscard]] bool HasIdleWork() const;
  // To be called between groups: announces what an error left unsaid, removes settled sends from
  // authored.db and what the change log has too much of, indexes what waits for it, merges a slice
  // of the search index, and once that is done gives back a slice of the file if much of it is
  // free. Answers whether to go on soon.
  bool DoIdleWork();

  // Closes cache.db as it is, lets `replace` put another file in its place, and opens what is there
  // then, whether `replace` succeeded or not. Between groups.
  [[nodiscard]] Result<void> ReplaceCache(const std::function<Result<void>()>& replace);

  // The same with both files.
  [[nodiscard]] Result<void> ReplaceBoth(const std::function<Result<void>()>& replace);

  // Opens again what an error, or a failed replacement, left closed or not to be trusted. Before
  // cache() and authored() are used for anything but what has just been done with them.
  [[nodiscard]] Result<void> EnsureOpen();

  // What a commit should have told of, and could not: DoIdleWork() tells of everything.
  void TellLater() { unannounced_ = true; }

  // Leaves no WAL if it can, and closes the files.
  void Close();

 private:
  using Jobs = std::span<const std::unique_ptr<Job>>;
  using Results = std::vector<Result<LocalRevision>>;
  // A group that is committed, and what is to be told of it; no commit if there is no news.
  struct Done {
    Results results;
    std::shared_ptr<const Commit> commit;
    bool is_cut_short = false;
  };
  struct Group;
  enum class Ran : std::uint8_t { kDone, kNextGroup };

  // Commits the first of the jobs, or as many as may share a group, and answers one result for
  // each. Nothing when they could not be committed, with `failure_` saying why.
  std::optional<Done> TryCommit(Jobs jobs, const LetsPass& lets_pass, bool is_rerun);
  // Those who wait for an answer, and those who watch.
  void Tell(Jobs jobs, Done done);
  // Adds the job's result to the group, unless it cannot share this one.
  Ran RunJob(Job& job, Group& group);
  // Of a group that failed: what was on its way is so again, unless one of the files knows better.
  void UndoInFlight(const InFlight& before);
  void CommitFiles(Group& group);
  // Those of the group who wait for authored.db only, which has what they asked for.
  void AnswerFirst(const Group& group);
  std::shared_ptr<Commit> MakeCommit(Changes& changes);
  [[nodiscard]] PendingCounts CountOnce(const MergedView& view, const ConversationId& id);
  // The commit's row in the change log, and in authored.db that there is one.
  void Log(Group& group);
  [[nodiscard]] bool HasSettled() const;
  [[nodiscard]] bool HasManySettled();
  void RemoveSettled();
  void TrimChangeLog();
  void AnnounceRest();
  // One slice of what makes cache.db smaller, or of what that left in the log. Whether there was
  // anything, and it is worth to go on soon.
  bool CheckpointSlice();
  // A log that is long because somebody read for long: whether that one is still at it is asked now
  // and then, also when nothing is written.
  [[nodiscard]] static bool IsHeld(const std::unique_ptr<Connection>& connection);
  void CutHeldLogs();
  void PublishLogBytes();
  bool IndexSlice();
  bool MergeSlice();
  bool ReleaseSlice();
  // Runs `body` on one of the files, as a commit that is not announced.
  void Alone(Connection& connection, const std::function<void(Connection&)>& body);
  // The same on `file`, once more if an error broke the connections; damage is reported then.
  // False: not done.
  bool AloneOn(std::unique_ptr<Connection> GroupWriter::* file,
               const std::function<void(Connection&)>& body);
  // Of files whose WAL has at least so much that is new. 0: everything, and nobody reads any more.
  void Checkpoint(std::size_t from_bytes);
  // After damage: once more of cache.db, on a new connection, and reports it then. A damaged log of
  // authored.db is found before (IsAuthoredLogWhole).
  void CheckpointAnew();
  // What is in the log of authored.db may be copied into the file. Else it stays until the next
  // opening salvages both: a checkpoint copies a damaged page as well, over the one before it. If
  // it only cannot be read, until it has grown.
  [[nodiscard]] bool IsAuthoredLogWhole();
  // What an error means for the connections. An error that a rerun has too is no accident.
  void Note(const SQLite::Exception& exception, bool is_rerun);
  // That the files are damaged whose connection met damage last. Null: not open.
  void ReportDamage(const Connection* cache, const Connection* authored);
  // Opens again what an error broke. False: not possible now. Damage that is met twice meanwhile is
  // reported.
  bool Reopen();
  std::unique_ptr<Connection> OpenAgain(const OpenConnection& open, File file);

  const OpenConnection open_cache_;
  const OpenConnection open_authored_;
  const Clock& clock_;
  StorePosition& position_;
  DamageReport& damage_;
  OnCommit on_commit_;

  std::unique_ptr<Connection> cache_;
  std::unique_ptr<Connection> authored_;
  InFlight in_flight_;
  PendingHint pending_;
  PendingBook book_;
  bool broken_ = false;
  bool log_doubtful_ = false;
  std::size_t logged_bytes_ = 0;  // In the change log since it was last looked through.
  bool rows_to_index_ = false;    // They wait for more, or for a moment when nobody waits.
  bool index_grew_ = false;       // Since it was merged.
  bool may_have_free_pages_ = false;
  bool unannounced_ = false;     // One of the files has something that no commit told of.
  bool half_committed_ = false;  // The running group, in the first of its files.
  // Jobs of this Run() whose all is in authored.db (Job::IsAuthored), and committed there: they are
  // done, and said to be, also when cache.db does not take what announces them.
  std::set<const Job*> kept_;
  std::set<const Job*> answered_;  // Those of them that were told already.
  // Positions of the outbox that this may concern: a row that is gone cannot be found any more.
  std::set<std::uint64_t> unannounced_outbox_;
  Error failure_{ErrorCode::kInternal, ""};
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WRITE_GROUP_H_
