#include "daemon/store/write_group.h"

#include <cassert>
#include <exception>
#include <set>
#include <thread>
#include <utility>

#include "daemon/store/change_log.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/search_index.h"
#include "daemon/store/settled_sends.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {

struct GroupWriter::Group {
  Group(Connection& cache_file, Connection& authored_file, bool rerun, bool one)
      : cache(cache_file), authored(authored_file), is_rerun(rerun), is_one_job(one) {}

  [[nodiscard]] bool Lost() const { return cache.Lost() || authored.Lost(); }

  GroupTransaction cache;
  GroupTransaction authored;
  const bool is_rerun;
  const bool is_one_job;
  bool keeps = false;               // Some job wrote what the user did.
  bool is_cut_short = false;        // Those behind it wait for somebody else.
  std::vector<Job*> authored_jobs;  // Those that did nothing else (Job::IsAuthored).
  Changes changes;
  Results results;
  std::shared_ptr<Commit> commit;
};

GroupWriter::GroupWriter(OpenConnection open_cache, OpenConnection open_authored,
                         const Clock& clock, StorePosition& position, DamageReport& damage)
    : open_cache_(std::move(open_cache)),
      open_authored_(std::move(open_authored)),
      clock_(clock),
      position_(position),
      damage_(damage),
      cache_(open_cache_()),
      authored_(open_authored_()),
      book_(NewestPosition(*authored_)) {
  // The last run may have ended with a sync that failed, and what is not on the disk must not be
  // copied into the files. Usually there is nothing to write.
  cache_->RewriteWal();
  authored_->RewriteWal();
  PrepareHiding(*authored_);
}

std::size_t GroupWriter::Run(Jobs jobs, const LetsPass& lets_pass) {
  kept_.clear();
  answered_.clear();
  const std::size_t all = jobs.size();
  while (!jobs.empty()) {
    if (auto done = TryCommit(jobs, lets_pass, false)) {
      const std::size_t count = done->results.size();
      const bool is_cut_short = done->is_cut_short;
      Tell(jobs.first(count), *std::move(done));
      jobs = jobs.subspan(count);
      if (is_cut_short) break;
      continue;
    }
    // One of them may be what the disk or SQLite does not take: alone, only that one fails.
    for (; !jobs.empty(); jobs = jobs.subspan(1)) {
      if (auto done = TryCommit(jobs.first(1), nullptr, true)) {
        Tell(jobs.first(1), *std::move(done));
      } else if (!answered_.contains(jobs.front().get())) {
        const bool kept = kept_.contains(jobs.front().get());
        jobs.front()->Answer(kept ? Result<LocalRevision>(position_.revision)
                                  : tl::unexpected<Error>(failure_));
      }
    }
  }
  return all - jobs.size();
}

void GroupWriter::Tell(Jobs jobs, Done done) {
  if (done.commit && on_commit_) on_commit_(std::move(done.commit));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!answered_.contains(jobs[i].get())) jobs[i]->Answer(std::move(done.results[i]));
  }
}

std::optional<GroupWriter::Done> GroupWriter::TryCommit(Jobs jobs, const LetsPass& lets_pass,
                                                        bool is_rerun) {
  if (!Reopen()) return std::nullopt;
  const InFlight in_flight_before = in_flight_;
  const bool unannounced_before = unannounced_;
  half_committed_ = false;
  Done done;
  const AnswerGate::Opener opener(position_.answers);
  try {
    Group group(*cache_, *authored_, is_rerun, jobs.size() == 1);
    std::size_t bytes = 0;
    for (const auto& job : jobs) {
      group.is_cut_short = bytes > 0 && lets_pass && lets_pass(*job, bytes);
      if (group.is_cut_short || RunJob(*job, group) == Ran::kNextGroup) break;
      bytes += job->Weight();
      if (broken_ || group.Lost()) {
        const auto& result = group.results.back();
        failure_ =
            result ? Error(ErrorCode::kInternal, "the transaction was lost") : result.error();
        UndoInFlight(in_flight_before);
        return std::nullopt;
      }
    }
    if (group.cache.wrote()) {
      AddMissing(group.cache.connection(), group.changes.missing);
      const Indexed indexed = IndexNewRows(group.cache.connection());
      index_grew_ = index_grew_ || indexed == Indexed::kAll;
      rows_to_index_ = indexed == Indexed::kLater;
      may_have_free_pages_ = true;
    }
    if (group.changes.any) {
      group.commit = MakeCommit(group.changes);
      Log(group);
    }
    // Readers that see the commit before they are told of it must not take what is leaving for
    // what left long ago.
    if (in_flight_ != in_flight_before) {
      InFlight both = in_flight_;
      both.sending.insert(in_flight_before.sending.begin(), in_flight_before.sending.end());
      both.leaving.insert(in_flight_before.leaving.begin(), in_flight_before.leaving.end());
      position_.in_flight.Store(std::move(both));
    }
    unannounced_outbox_.insert(group.changes.outbox.begin(), group.changes.outbox.end());
    // What was read is in what is written, in the other file maybe, and in what is announced.
    cache_->CheckPagesRead();
    authored_->CheckPagesRead();
    CommitFiles(group);
    done = {std::move(group.results), std::move(group.commit), group.is_cut_short};
  } catch (const SQLite::Exception& exception) {
    Note(exception, is_rerun);
    // The cache may have what authored.db does not hide any more: opening again hides it.
    broken_ = broken_ || unannounced_;
    failure_ = ToError(exception);
    UndoInFlight(in_flight_before);
    return std::nullopt;
  } catch (const std::exception& exception) {
    failure_ = ToError(exception);
    UndoInFlight(in_flight_before);
    return std::nullopt;
  }
  if (done.commit) {
    unannounced_ = false;
    unannounced_outbox_.clear();
    if (in_flight_ != in_flight_before) position_.in_flight.Store(in_flight_);
    position_.revision = done.commit->revision;
  } else {
    unannounced_ = unannounced_before;  // Nobody has to know of this group.
  }
  for (auto& result : done.results) {
    if (result) *result = position_.revision;
  }
  return done;
}

void GroupWriter::UndoInFlight(const InFlight& before) {
  pending_.reset();
  book_.Forget();
  if (!half_committed_) in_flight_ = before;
  position_.in_flight.Store(in_flight_);
}

GroupWriter::Ran GroupWriter::RunJob(Job& job, Group& group) {
  // It would have to be undone, and SQLite writes pages that were undone all the same.
  if (job.IsAuthored() && group.changes.settles()) return Ran::kNextGroup;
  const Earlier earlier = kept_.contains(&job) ? Earlier::kKept
                          : group.is_rerun     ? Earlier::kUnknown
                                               : Earlier::kNone;
  JobContext context(group.cache, group.authored, in_flight_, pending_, clock_, earlier);
  // A job that has the group to itself needs nothing to be undone to.
  const bool shares = group.is_one_job || (job.SharesFate() && pending_ == false);
  const bool alone = group.is_rerun || !shares;
  group.cache.BeginJob(alone);
  group.authored.BeginJob(alone);
  bool next_group = false;
  const Result<void> result = Catching([&]() -> Result<void> {
    try {
      auto ran = job.Run(context);
      if (!ran) return ran;
      context.Finish();
      const bool settles = context.changes().settles();
      const bool keeps = group.authored.in_job() && !settles;
      next_group = (settles && group.keeps) || (keeps && group.changes.settles());
      if (next_group) return ran;
      group.keeps = group.keeps || keeps;
      if (keeps && job.IsAuthored()) group.authored_jobs.push_back(&job);
      group.cache.KeepJob();
      group.authored.KeepJob();
      return ran;
    } catch (const SQLite::Exception& exception) {
      Note(exception, group.is_rerun);
      throw;
    }
  });
  if (group.authored.wrote()) pending_.reset();  // Something is there, or gone, or undone.
  if (result && !next_group) {
    // What it looked at and left as it is, is no news.
    if (context.changes().any) group.changes.Merge(std::move(context.changes()));
    group.results.emplace_back(0);
    return Ran::kDone;
  }
  if (!broken_) {
    context.UndoInFlight();
    group.cache.UndoJob();
    group.authored.UndoJob();
  }
  if (next_group) return Ran::kNextGroup;
  if (!broken_ && !group.Lost()) {
    if (context.is_kept()) {
      // What stands in its way is what it did itself, in its first run: that is announced now.
      group.changes.any = true;
      group.results.emplace_back(0);
      return Ran::kDone;
    }
    job.Undone();
  }
  group.results.emplace_back(tl::unexpected<Error>(result.error()));
  return Ran::kDone;
}

void GroupWriter::CommitFiles(Group& group) {
  if (!group.changes.settles()) {
    const bool writes = group.authored.wrote();
    group.authored.Commit();
    kept_.insert(group.authored_jobs.begin(), group.authored_jobs.end());
    unannounced_ = unannounced_ || writes;
    half_committed_ = writes;
    AnswerFirst(group);
    group.cache.Commit();
    return;
  }
  if (group.changes.sends_settled) position_.moves.Begin();
  group.cache.Commit();
  unannounced_ = true;
  half_committed_ = true;
  if (group.changes.changes_settled) cache_->SyncWal();
  group.authored.Commit();
}

void GroupWriter::AnswerFirst(const Group& group) {
  bool any = false;
  for (Job* const job : group.authored_jobs) {
    if (!job->AnswersFirst() || !answered_.insert(job).second) continue;
    position_.answers.Close();
    job->Answer(group.commit->revision);
    any = true;
  }
  // Whoever waits is often woken on this thread's processor, and would wait for the rest too.
  if (any) std::this_thread::yield();
}

void GroupWriter::Log(Group& group) {
  const Commit& commit = *group.commit;
  auto logged = LogCommit(group.cache.Write(), commit, clock_.WallNow());
  // Of a row without any change too.
  constexpr std::size_t kRowBytes = 24;
  logged_bytes_ += kRowBytes + (logged ? logged->size() : 0);
  group.cache.KeepJob();
  if (!group.keeps) return;
  WritePromised(group.authored.Write(), {commit.revision, std::move(logged)});
  group.authored.KeepJob();
}

void GroupWriter::BeginLog(bool forget) {
  Promised promised = ReadPromised(*authored_);
  if (forget) promised = {position_.revision, std::nullopt};
  Alone(*cache_,
        [&](Connection& cache) { OpenLog(cache, promised, position_.revision, clock_.WallNow()); });
}

}  // namespace hark::store
