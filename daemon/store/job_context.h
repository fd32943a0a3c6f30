// What a running job works on.

#ifndef HARK_DAEMON_STORE_JOB_CONTEXT_H_
#define HARK_DAEMON_STORE_JOB_CONTEXT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/store/changes.h"
#include "daemon/store/conversation_state.h"
#include "daemon/store/in_flight.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/transaction.h"

namespace hark::store {

// Whether authored.db has anything that a message of the backend may concern: an entry of the
// outbox, or an id that was withdrawn. Absent: to be looked up. Only the writer changes that file,
// so it stays true until a job writes there.
using PendingHint = std::optional<bool>;

// What became of an earlier run of the job: there was none; it may be in one of the files; all that
// the job does is in authored.db (Job::IsAuthored).
enum class Earlier : std::uint8_t { kNone, kUnknown, kKept };

// Only on the writer's thread; lives as long as one run of one job.
class JobContext {
 public:
  JobContext(GroupTransaction& cache, GroupTransaction& authored, InFlight& in_flight,
             PendingHint& pending, const Clock& clock, Earlier earlier);
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;

  [[nodiscard]] Connection& cache() { return cache_.connection(); }
  [[nodiscard]] Connection& authored() { return authored_.connection(); }
  [[nodiscard]] Connection& WriteCache() { return cache_.Write(); }
  [[nodiscard]] Connection& WriteAuthored() { return authored_.Write(); }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] Changes& changes() { return changes_; }
  // The job may have been committed in one of the files before: what is there already has to be
  // announced all the same.
  [[nodiscard]] bool is_rerun() const { return earlier_ != Earlier::kNone; }
  // What the earlier run answers stands: this one does not find what that one did.
  [[nodiscard]] bool is_kept() const { return earlier_ == Earlier::kKept; }

  // Null: unknown. Valid until Save().
  [[nodiscard]] ConversationState* Find(const ConversationId& id);
  [[nodiscard]] ConversationState& FindOrCreate(const ConversationId& id);
  // A summary of the backend. A new conversation is inserted with all that the summary says, in the
  // order in which the backend lists them: messages lie in the order of their conversations' keys.
  void TakeSummary(const ConversationSummary& summary, GapReason gap_reason);
  // Something of it changed that is not in its row.
  void Touch(const ConversationId& id);

  [[nodiscard]] const InFlight& in_flight() const { return in_flight_; }
  [[nodiscard]] InFlight& ChangeInFlight();
  // The entry of the outbox is gone, from the connection too.
  void DropOutbox(std::uint64_t position);
  // The same for a send that is in the cache now: its row is hidden, and removed later.
  void SettleSend(std::uint64_t position);
  // The backend is to be told that it was read up to there, in place of what it was to be told.
  void TellRead(const ConversationId& conversation, Sequence up_to);
  // As SettleSend(), for a read marker, whose position the cache has.
  void SettleMarker(std::uint64_t position);

  // Whether a message of the backend may concern something that the user did. A job that adds
  // something says so.
  [[nodiscard]] bool IsAnythingPending();
  void SomethingIsPending() { pending_ = true; }

  // Writes the conversations that were asked for. They are read again when asked for next.
  void Save();
  // Saves, and looks whether anything is different.
  void Finish();
  void UndoInFlight();
  // What was written so far is of no interest to anyone who reads: no commit is announced for it.
  void NothingToTell();

  [[nodiscard]] MergedView View();

 private:
  // Without a row until it is saved.
  [[nodiscard]] ConversationState& Begin(const ConversationId& id);
  void SaveOne(ConversationState& conversation);
  void LeaveOutbox(std::uint64_t position);

  GroupTransaction& cache_;
  GroupTransaction& authored_;
  InFlight& in_flight_;
  PendingHint& pending_;
  const Clock& clock_;
  Earlier earlier_;
  std::int64_t changes_before_;
  std::optional<InFlight> in_flight_before_;
  std::map<ConversationId, std::unique_ptr<ConversationState>> conversations_;
  Changes changes_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_JOB_CONTEXT_H_
