// What the writer does between groups: checkpoints, and what may wait until nobody else does.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/change_log.h"
#include "daemon/store/error_policy.h"
#include "daemon/store/free_pages.h"
#include "daemon/store/job_context.h"
#include "daemon/store/row_repair.h"
#include "daemon/store/search_index.h"
#include "daemon/store/settled_sends.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/write_group.h"

namespace hark::store {
namespace {

// A checkpoint writes each page once, however often it is in the WAL: late is cheap, but readers
// search the WAL, and whoever comes meanwhile waits for all of it. So little is copied at a time
// while there is time for it.
constexpr std::size_t kIdleCheckpointBytes = 1024 * 1024;
constexpr std::size_t kSliceCheckpointBytes = 256 * 1024;  // Part of what the next slice waits for.
// As long as readers are in it, the log goes on behind what was copied. From here on the writer
// waits for them and begins it anew, although jobs wait: one more group still fits below the limit.
constexpr std::size_t kLongWalBytes = limits::kWalBytes / 2;
// Or only from here on, since what is written next is little.
constexpr std::size_t kPutOffWalBytes = kLongWalBytes + std::size_t{2} * 1024 * 1024;
// A reader that was waited for in vain copies the file, or searches long: it is waited for again
// once the log has grown by so much, and not after every group.
constexpr std::size_t kWaitAgainBytes = 1024 * 1024;
// Readers look up each settled send that is still in authored.db: this many take them 0.2 ms.
constexpr std::uint64_t kMostSettled = 64;
// Of the search index, at a time: whoever comes meanwhile waits for it.
constexpr std::uint32_t kMergedPages = 8;
// How much the change log grows before it is looked through: when nobody waits, and in any case.
constexpr std::size_t kIdleTrimBytes = 64 * 1024;
constexpr std::size_t kTrimBytes = 1024 * 1024;

// Its commit tells of what was changed before. If that was an acknowledgement, an edit that waits
// for it may not know yet.
class AnnounceJob final : public Job {
 public:
  Result<void> Run(JobContext& context) override {
    SettleChangesWithCache(context);
    context.changes().any = true;
    return {};
  }
  void Answer(Result<LocalRevision> /*result*/) override {}
  [[nodiscard]] std::size_t Weight() const override { return 1; }
};

}  // namespace

void GroupWriter::Maintain(Waiting waiting, bool after_slice) {
  if (logged_bytes_ >= kTrimBytes) TrimChangeLog();
  if (HasManySettled()) RemoveSettled();
  const std::size_t idle = after_slice ? kSliceCheckpointBytes : kIdleCheckpointBytes;
  const std::size_t busy = waiting == Waiting::kHurry ? kPutOffWalBytes : kLongWalBytes;
  Checkpoint(waiting == Waiting::kNobody ? idle : busy);
  PublishLogBytes();
}

void GroupWriter::PublishLogBytes() {
  if (cache_ != nullptr && authored_ != nullptr)
    position_.log_bytes = std::max(cache_->WalBytes(), authored_->WalBytes());
}

bool GroupWriter::IsHeld(const std::unique_ptr<Connection>& connection) {
  return connection != nullptr && connection->HeldWalBytes() >= kLongWalBytes;
}

void GroupWriter::CutHeldLogs() {
  if (broken_) return;
  try {
    if (IsHeld(cache_)) (void)cache_->TryCheckpointAndTruncate();
    if (IsHeld(authored_) && IsAuthoredLogWhole()) (void)authored_->TryCheckpointAndTruncate();
  } catch (const SQLite::Exception& exception) {
    Note(exception, false);
  }
  PublishLogBytes();
}

Result<void> GroupWriter::EnsureOpen() {
  if (!Reopen()) return tl::unexpected<Error>(failure_);
  return {};
}

Result<void> GroupWriter::EmptyLogs() {
  return Catching([this]() -> Result<void> {
    const bool done = cache_->CheckpointAndTruncate() && IsAuthoredLogWhole() &&
                      authored_->CheckpointAndTruncate();
    if (!done) return Fail(ErrorCode::kResourceExhausted, "the logs cannot be emptied at present");
    return {};
  });
}

bool GroupWriter::HasIdleWork() const {
  return unannounced_ || HasSettled() || logged_bytes_ >= kIdleTrimBytes || rows_to_index_ ||
         index_grew_ || may_have_free_pages_ || IsHeld(cache_) || IsHeld(authored_);
}

bool GroupWriter::DoIdleWork() {
  AnnounceRest();
  CutHeldLogs();
  RemoveSettled();
  if (logged_bytes_ >= kIdleTrimBytes) TrimChangeLog();
  return CheckpointSlice() || IndexSlice() || MergeSlice() || ReleaseSlice();
}

bool GroupWriter::CheckpointSlice() {
  const bool is_enough = !broken_ && cache_->NewWalBytes() >= kSliceCheckpointBytes;
  if (is_enough) Checkpoint(kSliceCheckpointBytes);
  return is_enough;
}

bool GroupWriter::IndexSlice() {
  if (!rows_to_index_) return false;
  rows_to_index_ =
      !AloneOn(&GroupWriter::cache_, [](Connection& cache) { (void)IndexNewRows(cache, true); });
  index_grew_ = index_grew_ || !rows_to_index_;
  return !rows_to_index_;
}

bool GroupWriter::MergeSlice() {
  if (!index_grew_) return false;
  bool more = false;
  if (!AloneOn(&GroupWriter::cache_,
               [&more](Connection& cache) { more = MergeIndex(cache, kMergedPages); }))
    return false;
  index_grew_ = more;
  return more;
}

bool GroupWriter::ReleaseSlice() {
  if (!std::exchange(may_have_free_pages_, false)) return false;
  bool many = false;
  const bool done = AloneOn(&GroupWriter::cache_, [&many](Connection& cache) {
    many = HasManyFreePages(cache);
    if (many) ReleaseFreePages(cache);
  });
  may_have_free_pages_ = done && many;
  return may_have_free_pages_;
}

void GroupWriter::AnnounceRest() {
  if (!unannounced_) return;
  const std::unique_ptr<Job> job = std::make_unique<AnnounceJob>();
  Run({&job, 1});
}

bool GroupWriter::HasSettled() const {
  return position_.moves.begun() != position_.moves.done();
}

bool GroupWriter::HasManySettled() {
  if (!HasSettled() || broken_) return false;
  try {
    return CountHidden(*authored_) >= kMostSettled;
  } catch (const SQLite::Exception& exception) {
    Note(exception, false);
    return false;
  }
}

void GroupWriter::RemoveSettled() {
  if (!HasSettled()) return;
  const bool removed = AloneOn(&GroupWriter::authored_, [this](Connection& authored) {
    cache_->SyncWal();  // Before the commit.
    RemoveHidden(authored);
  });
  // They stay hidden then: the next call tries again.
  if (!removed) return;
  position_.moves.AllRemoved();
  if (in_flight_.settled.empty()) return;
  in_flight_.settled.clear();
  position_.in_flight.Store(in_flight_);
}

void GroupWriter::TrimChangeLog() {
  bool trimmed = false;
  const bool done = AloneOn(&GroupWriter::cache_,
                            [&](Connection& cache) { trimmed = TrimLog(cache, clock_.WallNow()); });
  if (done && !trimmed) logged_bytes_ = 0;
}

void GroupWriter::Alone(Connection& connection, const std::function<void(Connection&)>& body) {
  GroupTransaction transaction(connection);
  body(transaction.Write());
  transaction.KeepJob();
  connection.CheckPagesRead();
  transaction.Commit();
}

bool GroupWriter::AloneOn(std::unique_ptr<Connection> GroupWriter::* file,
                          const std::function<void(Connection&)>& body) {
  for (const bool is_rerun : {false, true}) {
    if (!Reopen()) return false;
    try {
      Alone(*(this->*file), body);
      return true;
    } catch (const SQLite::Exception& exception) {
      Note(exception, is_rerun);
      if (!broken_) return false;
    } catch (const std::exception&) {
      return false;  // No memory: nothing was done.
    }
  }
  return false;
}

void GroupWriter::Close() {
  RemoveSettled();
  (void)Reopen();
  Checkpoint(0);
  cache_.reset();
  authored_.reset();
}

bool GroupWriter::IsAuthoredLogWhole() {
  if (damage_.IsReported(File::kAuthored)) return false;
  const LoggedFrames frames = authored_->CheckLoggedFrames();
  if (frames == LoggedFrames::kUnread) authored_->PutOffCheckpoint();
  if (frames == LoggedFrames::kDamaged) damage_.Report(File::kAuthored);
  return frames == LoggedFrames::kWhole;
}

void GroupWriter::Checkpoint(std::size_t from_bytes) {
  if (broken_) return;
  for (Connection* connection : {cache_.get(), authored_.get()}) {
    try {
      const bool is_long =
          connection->WalBytes() >=
          std::max({kLongWalBytes, from_bytes, connection->HeldWalBytes() + kWaitAgainBytes});
      if (!is_long && connection->NewWalBytes() < from_bytes) continue;
      if (connection == authored_.get() && !IsAuthoredLogWhole()) continue;
      // What a reader that held on for long made of it is given back too.
      if (from_bytes == 0 || (is_long && connection->WalBytes() > limits::kWalBytes)) {
        (void)connection->CheckpointAndTruncate();
      } else if (is_long) {
        (void)connection->CheckpointAndRestart();
      } else {
        connection->Checkpoint();
      }
    } catch (const SQLite::Exception& exception) {
      // Nothing is lost: the commits are in the WAL.
      Note(exception, false);
      if (from_bytes == 0 || VerdictOf(CodeOf(exception)) != Verdict::kSetAside) continue;
      CheckpointAnew();
      return;
    }
  }
}

void GroupWriter::CheckpointAnew() {
  if (!Reopen()) return;
  try {
    cache_->Checkpoint();
  } catch (const SQLite::Exception& exception) {
    Note(exception, true);
  }
}

}  // namespace hark::store
