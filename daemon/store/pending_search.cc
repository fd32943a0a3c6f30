#include "daemon/store/pending_search.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

// Above every key of a row, so that of one moment what is pending is the newest.
constexpr std::int64_t kPendingKey = std::int64_t{1} << 62;

}  // namespace

PendingMatches FindPendingMatches(const MergedView& view, TextMatcher& matcher,
                                  const std::optional<ConversationId>& conversation) {
  PendingMatches matches;
  if (IsOutboxEmpty(view.authored)) return matches;
  const auto take = [&](std::int64_t key, Message message) {
    if (message.deleted || !matcher.Matches(message.content)) return;
    const SearchPlace place{message.created_at, key};
    matches.messages.insert_or_assign(place, std::move(message));
  };
  const std::vector<OutboxRow> entries = ListOutbox(view.authored);
  std::size_t looked = 0;
  for (auto row = entries.rbegin(); row != entries.rend(); ++row) {
    const OutboxEntry& entry = row->entry;
    if (entry.kind == OutboxKind::kMarkRead) continue;
    if (conversation && entry.conversation != *conversation) continue;
    if (++looked > limits::kSearchPending) break;
    if (entry.kind == OutboxKind::kSend) {
      if (auto send = FindPending(view, entry.message))
        take(kPendingKey + static_cast<std::int64_t>(send->position), std::move(send->message));
      continue;
    }
    const auto place = FindMessagePlace(view.cache, entry.message);
    if (!place || !matches.changed.insert(place->key).second) continue;
    if (auto message = FindMerged(view, entry.message)) take(place->key, *std::move(message));
  }
  return matches;
}

}  // namespace hark::store
