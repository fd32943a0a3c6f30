#include "daemon/store/conversation_state.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/gap_rows.h"

namespace hark::store {
namespace {

void Subtract(std::uint64_t& count, std::uint64_t amount) {
  count -= std::min(count, amount);
}

}  // namespace

ConversationState::ConversationState(ConversationRow row, GapSet gaps, bool is_new)
    : row_(std::move(row)),
      saved_row_(row_),
      gaps_(std::move(gaps)),
      saved_gaps_(gaps_),
      messages_changed_(is_new),
      changed_(is_new) {
  if (row_.row_count == 0) fresh_.emplace();
}

void ConversationState::TakeSummary(Connection& cache, const ConversationSummary& summary,
                                    GapReason gap_reason, bool marker_waits) {
  const bool outdated = summary.last_sequence < row_.summary_sequence;
  if (summary.last_sequence > row_.last_sequence) {
    gaps_.Add(row_.last_sequence + 1, summary.last_sequence, gap_reason);
    row_.last_sequence = summary.last_sequence;
  }
  // In whatever order a listing and a change arrive, what has to be fetched is fetched.
  if (gap_reason == GapReason::kNotFetched) {
    gaps_.ChangeReason(1, summary.last_sequence, GapReason::kLimited, GapReason::kNotFetched);
  }
  // Changes come in order, whatever sequence they know of.
  if (!outdated || gap_reason == GapReason::kLimited)
    row_.title = std::string(FirstBytes(summary.title, limits::kTitleBytes));
  if (!outdated) {
    NoticeRestore(cache, summary, gap_reason);
    if (gap_reason == GapReason::kNotFetched && !marker_waits) DoubtMarker(cache, summary);
    row_.summary_sequence = summary.last_sequence;
    row_.preview = PreviewOf(summary.preview);
    row_.last_activity_at = summary.last_activity_at;
    messages_changed_ = true;
    // Messages that came after the summary was made are here.
    const Sequence beyond = summary.last_sequence + 1;
    if (!row_.count_exact || !gaps_.empty()) {
      row_.count_exact = false;
      row_.message_count =
          summary.message_count +
          (row_.row_count == 0 ? 0 : CountMessages(cache, row_.key, beyond, kMaxSequence));
    }
    if (!row_.unread_exact || !UnreadIsHere()) {
      row_.unread_exact = false;
      row_.unread_count = summary.unread_count + UnreadIn(cache, beyond, kMaxSequence);
      // The marker here may be ahead: what it passed is read.
      if (row_.read_sequence >= row_.last_sequence) {
        row_.unread_count = 0;
      } else if (row_.read_sequence > summary.read_sequence) {
        Subtract(row_.unread_count, UnreadIn(cache, summary.read_sequence + 1, row_.read_sequence));
        ClampUnread(cache);
      }
      // The count is already that of the summary's own marker.
      row_.read_sequence =
          std::max(row_.read_sequence, std::min(summary.read_sequence, row_.last_sequence));
    }
  }
  AdvanceRead(cache, summary.read_sequence);
}

// Of a summary that is not outdated.
void ConversationState::NoticeRestore(Connection& cache, const ConversationSummary& summary,
                                      GapReason gap_reason) {
  const Sequence last = summary.last_sequence;
  // A listing is made after the place in the stream was fixed: what it lacks, the backend lacks.
  if (gap_reason == GapReason::kNotFetched && last < row_.last_sequence)
    row_.forgotten_to = row_.last_sequence;
  if (row_.forgotten_to == 0 || last <= row_.summary_sequence) return;
  row_.refresh_to = std::max(row_.refresh_to, std::min(last, row_.forgotten_to));
  // 0: where it begins to number anew is not known.
  if (row_.summary_sequence > 0 && summary.unread_count > 0)
    TakeMarkerBack(cache, row_.summary_sequence);
  if (last >= row_.forgotten_to) row_.forgotten_to = 0;
}

void ConversationState::Extend(Sequence from, Sequence to) {
  if (to <= row_.last_sequence) return;
  if (from > row_.last_sequence + 1) {
    gaps_.Add(row_.last_sequence + 1, from - 1, GapReason::kLimited);
    row_.message_count += from - 1 - row_.last_sequence;
    row_.count_exact = false;
  }
  row_.last_sequence = to;
}

void ConversationState::Close(Sequence from, Sequence to) {
  gaps_.Remove(from, to);
}

void ConversationState::CloseForgotten(Sequence from, Sequence to) {
  from = std::max(from, row_.summary_sequence + 1);
  if (from <= to && to <= row_.forgotten_to) Close(from, to);
}

void ConversationState::EndAt(Sequence end, Sequence asked_to) {
  Close(end + 1, asked_to);
  if (asked_to < row_.last_sequence || row_.summary_sequence <= end) return;
  row_.summary_sequence = end;
  row_.forgotten_to = row_.last_sequence;
}

void ConversationState::GiveUp() {
  if (row_.summary_sequence > 0) return;
  row_.refresh_to = 0;
  gaps_.ChangeReason(1, row_.last_sequence, GapReason::kNotFetched, GapReason::kLimited);
}

void ConversationState::Evict(Sequence to, std::uint64_t rows) {
  fresh_.reset();
  Subtract(row_.row_count, rows);
  gaps_.ChangeReason(1, to, GapReason::kNotFetched, GapReason::kEvicted);
  gaps_.ChangeReason(1, to, GapReason::kLimited, GapReason::kEvicted);
  gaps_.Add(1, to, GapReason::kEvicted);
}

void ConversationState::CompareAgain(Sequence up_to) {
  row_.refresh_to = std::max(row_.refresh_to, up_to);
}

void ConversationState::EndComparing(Sequence asked_to) {
  if (row_.refresh_to <= asked_to)
    row_.refresh_to = std::min(row_.refresh_to, row_.summary_sequence);
}

void ConversationState::Compared(Sequence from, Sequence to) {
  // refresh_to may lie in a gap: what is compared next is the stretch below it.
  const auto next = gaps_.PresentUpTo(row_.refresh_to);
  if (from == 0 || next.empty() || next.front().to < from || next.front().to > to) return;
  const auto rest = gaps_.PresentUpTo(from - 1);
  row_.refresh_to = rest.empty() ? 0 : rest.front().to;
}

void ConversationState::CountChange(const std::optional<MessagePlace>& old,
                                    const std::shared_ptr<const Message>& shared,
                                    Sequence newest_before) {
  const Message& message = *shared;
  messages_changed_ = true;
  if (!old) ++row_.row_count;
  CountFresh(old.has_value(), shared);
  // Of an incomplete conversation, the backend's number counts everything up to the newest message
  // already, as it is there: what became of a row is told with a change, whose summary follows, or
  // was told by the list.
  const bool is_told = old || message.sequence <= newest_before;
  if (row_.count_exact || !is_told) {
    if (old && !old->deleted) Subtract(row_.message_count, 1);
    if (!message.deleted) ++row_.message_count;
  }
  if (row_.unread_exact || !is_told) {
    if (old && old->sequence > row_.read_sequence && CountsAsUnread(old->role, old->deleted)) {
      Subtract(row_.unread_count, 1);
    }
    if (message.sequence > row_.read_sequence && CountsAsUnread(message.role, message.deleted))
      ++row_.unread_count;
  }
}

void ConversationState::CountFresh(bool replaced, const std::shared_ptr<const Message>& shared) {
  if (!fresh_) return;
  const Message& message = *shared;
  // Which of two rows with one sequence is shown, and what an older row shows when the newest is
  // deleted, only the rows say.
  if (fresh_->rows == 0) fresh_->read_sequence = row_.read_sequence;
  const Sequence newest = fresh_->newest == nullptr ? 0 : fresh_->newest->sequence;
  if (replaced || message.deleted || message.sequence == newest ||
      fresh_->read_sequence != row_.read_sequence) {
    fresh_.reset();
    return;
  }
  ++fresh_->rows;
  if (message.sequence > row_.read_sequence && CountsAsUnread(message.role, message.deleted))
    ++fresh_->unread;
  if (message.sequence > newest) fresh_->newest = shared;
}

std::optional<NewestMessages> ConversationState::FindNewestHere(Connection& cache) const {
  const auto gap = gaps_.LastBelow(kMaxSequence);
  const Sequence floor = gap ? gap->to : 0;
  if (!fresh_) return FindNewest(cache, row_.key, floor);
  if (fresh_->newest == nullptr || fresh_->newest->sequence <= floor) return std::nullopt;
  return NewestMessages{fresh_->newest->created_at, PreviewOf(fresh_->newest->content)};
}

void ConversationState::Save(Connection& cache, std::optional<WallTime> newest_pending) {
  Recount(cache);
  Relist(cache, newest_pending);
  row_.gap_count = gaps_.ranges().size();
  if (gaps_ != saved_gaps_ || row_.refresh_to != saved_row_.refresh_to)
    row_.missing = CountMissing();
  missing_change_ +=
      static_cast<std::int64_t>(row_.missing) - static_cast<std::int64_t>(saved_row_.missing);
  if (row_.key == 0) {
    row_.key = InsertConversation(cache, row_);
    saved_row_ = row_;
  }
  if (gaps_ != saved_gaps_) {
    SaveGaps(cache, row_.key, saved_gaps_, gaps_);
    saved_gaps_ = gaps_;
    gaps_changed_ = true;
    changed_ = true;
  }
  if (row_ != saved_row_) {
    UpdateConversation(cache, saved_row_, row_);
    saved_row_ = row_;
    changed_ = true;
  }
}

void ConversationState::Recount(Connection& cache) {
  const bool complete = gaps_.empty();
  if (complete && !row_.count_exact) {
    row_.message_count = fresh_ ? fresh_->rows : CountMessages(cache, row_.key, 1, kMaxSequence);
  }
  row_.count_exact = complete;
  const bool unread_is_here = UnreadIsHere();
  if (unread_is_here && !row_.unread_exact) {
    const bool is_counted = fresh_ && fresh_->read_sequence == row_.read_sequence;
    row_.unread_count =
        is_counted ? fresh_->unread : UnreadIn(cache, row_.read_sequence + 1, kMaxSequence);
  }
  row_.unread_exact = unread_is_here;
}

void ConversationState::Relist(Connection& cache, std::optional<WallTime> newest_pending) {
  if (messages_changed_) {
    if (const auto newest = FindNewestHere(cache)) {
      row_.last_activity_at = newest->activity_at;
      row_.preview = newest->preview.value_or(std::string());
    }
  }
  row_.listed_at =
      newest_pending ? std::max(row_.last_activity_at, *newest_pending) : row_.last_activity_at;
}

std::uint64_t ConversationState::CountMissing() const {
  std::uint64_t missing = gaps_.CountOf(GapReason::kNotFetched);
  for (const SequenceRange& range : gaps_.PresentUpTo(row_.refresh_to)) missing += range.size();
  return std::min(missing, kMissingMost);
}

}  // namespace hark::store
