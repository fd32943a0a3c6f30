#include "daemon/store/write_group.h"

#include <cstddef>
#include <exception>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// A checkpoint writes each page once, however often it is in the WAL: late is cheap, but readers
// search the WAL.
constexpr std::size_t kCheckpointBytes = 4 * 1024 * 1024;

}  // namespace

GroupWriter::GroupWriter(OpenConnection open_cache, OpenConnection open_authored,
                         const Clock& clock, StorePosition& position)
    : open_cache_(std::move(open_cache)),
      open_authored_(std::move(open_authored)),
      clock_(clock),
      position_(position),
      cache_(open_cache_()),
      authored_(open_authored_()) {}

void GroupWriter::Run(std::span<const std::unique_ptr<Job>> jobs) {
  if (auto results = TryCommit(jobs, false)) {
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->Answer(std::move((*results)[i]));
    return;
  }
  // One of them may be what the disk or SQLite does not take: alone, only that one fails.
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (auto results = TryCommit(jobs.subspan(i, 1), true)) {
      jobs[i]->Answer(std::move(results->front()));
    } else {
      jobs[i]->Answer(tl::unexpected<Error>(failure_));
    }
  }
}

std::optional<std::vector<Result<LocalRevision>>> GroupWriter::TryCommit(
    std::span<const std::unique_ptr<Job>> jobs, bool is_rerun) {
  if (!Reopen()) return std::nullopt;
  const SendingSet sending_before = sending_;
  std::vector<Result<LocalRevision>> results;
  results.reserve(jobs.size());
  Changes changes;
  std::shared_ptr<Commit> commit;
  try {
    GroupTransaction cache(*cache_);
    GroupTransaction authored(*authored_);
    for (const auto& job : jobs) {
      Result<void> result = RunJob(*job, cache, authored, changes, is_rerun);
      if (broken_ || cache.Lost() || authored.Lost()) {
        failure_ =
            result ? Error(ErrorCode::kInternal, "the transaction was lost") : result.error();
        sending_ = sending_before;
        return std::nullopt;
      }
      if (result) {
        results.emplace_back(0);
      } else {
        results.emplace_back(tl::unexpected<Error>(std::move(result.error())));
      }
    }
    const bool moves = changes.sends_removed;
    if (changes.any) commit = MakeCommit(std::move(changes));
    CommitFiles(cache, authored, moves);
  } catch (const SQLite::Exception& exception) {
    broken_ = broken_ || BreaksConnection(exception);
    failure_ = ToError(exception);
    sending_ = sending_before;
    return std::nullopt;
  } catch (const std::exception& exception) {
    failure_ = ToError(exception);
    sending_ = sending_before;
    return std::nullopt;
  }
  if (commit) {
    if (sending_ != sending_before) position_.sending.Store(sending_);
    position_.revision = commit->revision;
    if (on_commit_) on_commit_(commit);
  }
  for (auto& result : results) {
    if (result) *result = position_.revision;
  }
  return results;
}

Result<void> GroupWriter::RunJob(Job& job, GroupTransaction& cache, GroupTransaction& authored,
                                 Changes& changes, bool is_rerun) {
  JobContext context(cache, authored, sending_, clock_, position_.moves.broken(), is_rerun);
  const Result<void> result = Catching([&]() -> Result<void> {
    try {
      auto ran = job.Run(context);
      if (!ran) return ran;
      context.Finish();
      cache.KeepJob();
      authored.KeepJob();
      return ran;
    } catch (const SQLite::Exception& exception) {
      broken_ = broken_ || BreaksConnection(exception);
      throw;
    }
  });
  if (result) {
    changes.Merge(std::move(context.changes()));
  } else if (!broken_) {
    context.UndoSending();
    cache.UndoJob();
    authored.UndoJob();
    if (!cache.Lost() && !authored.Lost()) job.Undone();
  }
  return result;
}

void GroupWriter::CommitFiles(GroupTransaction& cache, GroupTransaction& authored, bool moves) {
  if (!moves) {
    authored.Commit();
    cache.Commit();
    return;
  }
  position_.moves.Begin();
  try {
    cache.Commit();
    cache_->SyncWal();
    authored.Commit();
  } catch (...) {
    position_.moves.End(false);
    throw;
  }
  position_.moves.End(true);
}

std::shared_ptr<Commit> GroupWriter::MakeCommit(Changes changes) {
  auto commit = std::make_shared<Commit>();
  commit->revision = position_.revision + 1;
  commit->outbox_changed = changes.outbox;
  commit->gaps_changed.assign(changes.gaps.begin(), changes.gaps.end());
  const MergedView view{*authored_, *cache_, sending_, clock_.WallNow(), position_.moves.broken()};
  commit->messages.reserve(changes.order.size());
  for (const MessageId& id : changes.order) {
    std::optional<Message>& message = changes.messages[id];
    if (!message) message = FindMerged(view, id);
    if (message) commit->messages.push_back(*std::move(message));
  }
  const bool pending_possible = !IsOutboxEmpty(*authored_);
  commit->conversations.reserve(changes.conversations.size());
  for (const ConversationId& id : changes.conversations) {
    if (const auto row = FindConversation(*cache_, id)) {
      commit->conversations.push_back(MergeConversation(view, *row, pending_possible));
    }
  }
  return commit;
}

bool GroupWriter::Reopen() {
  if (!broken_) return true;
  try {
    cache_.reset();
    authored_.reset();
    cache_ = open_cache_();
    authored_ = open_authored_();
    broken_ = false;
    return true;
  } catch (const SQLite::Exception& exception) {
    failure_ = ToError(exception);
  } catch (const std::exception& exception) {
    failure_ = ToError(exception);
  }
  return false;
}

void GroupWriter::Close() {
  Checkpoint(true);
  cache_.reset();
  authored_.reset();
}

void GroupWriter::Checkpoint(bool everything) {
  if (broken_) return;
  for (Connection* connection : {cache_.get(), authored_.get()}) {
    try {
      if (!everything && connection->NewWalBytes() < kCheckpointBytes) continue;
      if (everything || connection->WalBytes() >= limits::kWalBytes) {
        (void)connection->CheckpointAndTruncate();
      } else {
        connection->Checkpoint();
      }
    } catch (const SQLite::Exception& exception) {
      // Nothing is lost: the commits are in the WAL. The next group finds out what is wrong.
      broken_ = broken_ || BreaksConnection(exception);
    }
  }
}

}  // namespace hark::store
