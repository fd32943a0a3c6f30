// One conversation while a job changes it: its row and its gaps in memory, and the rules that keep
// them right. Nothing here is written before Save(), so a job that fails leaves nothing behind.

#ifndef HARK_DAEMON_STORE_CONVERSATION_STATE_H_
#define HARK_DAEMON_STORE_CONVERSATION_STATE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/model/conversation.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/gap_math.h"
#include "daemon/store/message_rows.h"

namespace hark::store {

// Every row that a conversation has here, counted as it came: for one that had none when the job
// took it up, as most in a first sync, and only as long as rows are added. Saves reading them.
struct FreshRows {
  std::uint64_t rows = 0;
  std::uint64_t unread = 0;
  Sequence read_sequence = 0;  // What `unread` was counted with.
  std::shared_ptr<const Message> newest;
};

// Only on the writer's thread, within one job.
class ConversationState {
 public:
  // `is_new`: the row is of this job; without a key, there is none yet.
  ConversationState(ConversationRow row, GapSet gaps, bool is_new);

  [[nodiscard]] const ConversationRow& row() const { return row_; }
  [[nodiscard]] const GapSet& gaps() const { return gaps_; }

  // A summary of the backend. One that is older than another seen is used only for what never goes
  // back. `marker_waits`: it was read further here than the backend was told yet.
  void TakeSummary(Connection& cache, const ConversationSummary& summary, GapReason gap_reason,
                   bool marker_waits);

  // [from, to] is known to exist; what lies between the newest known message and `from` is now
  // known to be missing.
  void Extend(Sequence from, Sequence to);

  // [from, to] is here, or is no longer anywhere.
  void Close(Sequence from, Sequence to);

  // [from, to] was asked for, and the answer ends below it. Closed only if the backend's own list
  // has said that it ends there too: a restored backend. Else it may be behind itself, or be wrong.
  void CloseForgotten(Sequence from, Sequence to);

  // The backend ends at `end` for good, although it was asked for up to `asked_to`, and had told of
  // more. What it tells of there from now on is news again.
  void EndAt(Sequence end, Sequence asked_to);

  // The backend has no such conversation. If its list did not name it either, it is neither fetched
  // nor compared any more; what is here stays.
  void GiveUp();

  // The oldest `rows` rows were removed, and nothing up to `to` is here any more. What was missing
  // below is not worth fetching either.
  void Evict(Sequence to, std::uint64_t rows);

  // The rows up to there may differ from the backend's: they are fetched and compared again.
  void CompareAgain(Sequence up_to);

  // Up to there was asked for, and nothing came of what lies above the end that the list tells of.
  void EndComparing(Sequence asked_to);

  // The rows in [from, to] equal the backend's, and what is compared next lies below. Nothing if
  // the next one to compare is not in it.
  void Compared(Sequence from, Sequence to);

  // `message` was inserted. If its number had another message before, of a backend that was
  // restored from a copy, the marker speaks of that one: this one has not been read, unless it is
  // the user's own.
  void NoticeNumber(Connection& cache, const Message& message);

  // A row was inserted (`old` absent) or replaced. `newest_before`: last_sequence before the page
  // that it came in.
  void CountChange(const std::optional<MessagePlace>& old,
                   const std::shared_ptr<const Message>& shared, Sequence newest_before);

  // Moves the read marker; not back, not beyond last_sequence.
  void AdvanceRead(Connection& cache, Sequence read_sequence);

  // Counts and list entry follow what is here wherever enough is here; writes what changed, or
  // inserts the row.
  // `newest_pending`: when the newest pending message was written.
  void Save(Connection& cache, std::optional<WallTime> newest_pending);

  // By how much Save() changed `missing`, since the last call: for AddMissing().
  [[nodiscard]] std::int64_t TakeMissingChange() { return std::exchange(missing_change_, 0); }

  // Up to where the backend is to be told that it was read, when `target` was read here: one that
  // was restored from a copy may give numbers above what it tells of to others yet.
  [[nodiscard]] Sequence ToldAsRead(Sequence target) const;

  // Whether the marker went back, since the last call: the outbox may say more than is true now.
  [[nodiscard]] bool TakeWentBack() { return std::exchange(went_back_, false); }

  // As of Save().
  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] bool gaps_changed() const { return gaps_changed_; }

 private:
  // The backend went back to an old copy, and may give numbers out again that rows here have: what
  // it tells of there is to be compared, and has not been read.
  void NoticeRestore(Connection& cache, const ConversationSummary& summary, GapReason gap_reason);
  // The list says that less is read than is known here. What of the rest is not here may be what
  // such a backend has numbered anew.
  void DoubtMarker(Connection& cache, const ConversationSummary& summary);
  void TakeMarkerBack(Connection& cache, Sequence to);
  // What the newest rows above the last gap say.
  [[nodiscard]] std::optional<NewestMessages> FindNewestHere(Connection& cache) const;
  // Saves asking when there is no row.
  [[nodiscard]] std::uint64_t UnreadIn(Connection& cache, Sequence from, Sequence to) const;
  // Some of what the marker passed is not here: no fewer than are known, no more than there can be.
  void ClampUnread(Connection& cache);
  void CountFresh(bool replaced, const std::shared_ptr<const Message>& shared);
  void Recount(Connection& cache);
  void Relist(Connection& cache, std::optional<WallTime> newest_pending);
  [[nodiscard]] std::uint64_t CountMissing() const;
  [[nodiscard]] bool UnreadIsHere() const;

  ConversationRow row_;
  ConversationRow saved_row_;
  GapSet gaps_;
  GapSet saved_gaps_;
  std::int64_t missing_change_ = 0;
  bool messages_changed_;
  bool changed_;
  bool gaps_changed_ = false;
  bool went_back_ = false;
  std::optional<FreshRows> fresh_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CONVERSATION_STATE_H_
