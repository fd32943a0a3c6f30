#include "daemon/store/pending_book.h"

#include <algorithm>
#include <cstddef>

namespace hark::store {
namespace {

// Conversations that somebody sends in at one time, with room to spare.
constexpr std::size_t kMostConversations = 256;

}  // namespace

std::optional<PendingCounts> PendingBook::Find(const ConversationId& conversation) const {
  const auto known = counts_.find(conversation);
  if (known == counts_.end()) return std::nullopt;
  return known->second;
}

void PendingBook::Note(const ConversationId& conversation, PendingCounts counts) {
  if (counts_.size() >= kMostConversations) counts_.clear();
  counts_[conversation] = counts;
}

void PendingBook::Follow(const Commit& commit) {
  // Whose entries they were is not said.
  if (!commit.outbox_removed.empty()) counts_.clear();
  for (const OutboxEntry& entry : commit.outbox) {
    const bool is_new = entry.position > newest_;
    newest_ = std::max(newest_, entry.position);
    if (entry.kind != OutboxKind::kSend) continue;
    const auto known = counts_.find(entry.conversation);
    if (known == counts_.end()) continue;
    const bool waits = entry.delivery != Delivery::kFailed && entry.delivery != Delivery::kExpired;
    if (is_new && waits) {
      ++known->second.pending;
    } else {
      counts_.erase(known);
    }
  }
}

}  // namespace hark::store
