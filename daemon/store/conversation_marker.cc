// The read marker of a conversation, and what it makes of the count of unread messages.

#include <algorithm>

#include "daemon/store/conversation_state.h"

namespace hark::store {

void ConversationState::AdvanceRead(Connection& cache, Sequence read_sequence) {
  const Sequence old = row_.read_sequence;
  const Sequence next = std::min(read_sequence, row_.last_sequence);
  if (next <= old) return;
  row_.read_sequence = next;
  if (next == row_.last_sequence) {
    row_.unread_count = 0;
    return;
  }
  row_.unread_count -= std::min(row_.unread_count, UnreadIn(cache, old + 1, next));
  if (!row_.unread_exact) ClampUnread(cache);
}

void ConversationState::NoticeNumber(Connection& cache, const Message& message) {
  if (!CountsAsUnread(message.role, message.deleted)) return;
  const Sequence in_doubt_to = std::max(row_.refresh_to, row_.forgotten_to);
  if (message.sequence > std::min(row_.read_sequence, in_doubt_to)) return;
  if (HasOtherAt(cache, row_.key, message)) TakeMarkerBack(cache, message.sequence - 1);
}

void ConversationState::DoubtMarker(Connection& cache, const ConversationSummary& summary) {
  const Sequence to = std::min(summary.last_sequence, row_.read_sequence);
  if (summary.unread_count == 0 || summary.read_sequence >= to) return;
  const auto missing = gaps_.FirstIn(summary.read_sequence + 1, to);
  if (missing) TakeMarkerBack(cache, *missing - 1);
}

Sequence ConversationState::ToldAsRead(Sequence target) const {
  const bool was_restored = row_.forgotten_to > 0 && row_.summary_sequence > 0;
  return was_restored ? std::min(target, row_.summary_sequence) : target;
}

void ConversationState::TakeMarkerBack(Connection& cache, Sequence to) {
  const Sequence old = row_.read_sequence;
  if (to >= old) return;
  row_.read_sequence = to;
  row_.unread_count += UnreadIn(cache, to + 1, old);
  row_.unread_exact = false;
  went_back_ = true;
  ClampUnread(cache);
}

void ConversationState::ClampUnread(Connection& cache) {
  const std::uint64_t known = UnreadIn(cache, row_.read_sequence + 1, kMaxSequence);
  row_.unread_count = std::clamp(row_.unread_count, known,
                                 std::max(known, row_.last_sequence - row_.read_sequence));
}

std::uint64_t ConversationState::UnreadIn(Connection& cache, Sequence from, Sequence to) const {
  return row_.row_count == 0 ? 0 : CountUnread(cache, row_.key, from, to);
}

bool ConversationState::UnreadIsHere() const {
  return row_.read_sequence >= row_.last_sequence ||
         !gaps_.Intersects(row_.read_sequence + 1, row_.last_sequence);
}

}  // namespace hark::store
