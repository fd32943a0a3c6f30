#include "daemon/store/list_reader.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/gap_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {

Result<ConversationPage> ListConversations(const Snapshot& snapshot,
                                           const ConversationQuery& query) {
  const auto limit = std::clamp<std::uint32_t>(query.limit, 1, limits::kPageSize);
  std::vector<ConversationRow> rows =
      ListConversationRows(snapshot.cache(), query.after, limit + 1);
  const bool has_more = rows.size() > limit;
  if (has_more) rows.pop_back();

  ConversationPage page;
  page.revision = snapshot.revision();
  page.total_count = CountConversations(snapshot.cache()).conversations;
  page.conversations.reserve(rows.size());
  const bool pending_possible = !IsOutboxEmpty(snapshot.authored());
  for (const ConversationRow& row : rows) {
    page.conversations.push_back(MergeConversation(snapshot.view(), row, pending_possible));
  }
  if (has_more) page.next = ListPosition{rows.back().listed_at, rows.back().id};
  return page;
}

Result<Conversation> GetConversation(const Snapshot& snapshot, const ConversationId& id) {
  const auto row = FindConversation(snapshot.cache(), id);
  if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
  return MergeConversation(snapshot.view(), *row, true);
}

Result<std::vector<OutboxEntry>> ReadOutbox(const Snapshot& snapshot, std::uint64_t after_position,
                                            std::uint32_t limit) {
  const auto bounded = std::min<std::uint32_t>(limit, limits::kOutboxEntries);
  std::vector<OutboxEntry> entries = ListOutbox(snapshot.authored(), after_position, bounded);
  for (OutboxEntry& entry : entries) {
    if (entry.delivery == Delivery::kQueued && snapshot.view().sending.contains(entry.message)) {
      entry.delivery = Delivery::kSending;
    }
  }
  return entries;
}

StoreStatistics ReadStatistics(const Snapshot& snapshot) {
  const ConversationTotals totals = CountConversationsAndMessages(snapshot.cache());
  StoreStatistics statistics;
  statistics.conversations = totals.conversations;
  statistics.messages = totals.messages;
  statistics.outbox = CountOutbox(snapshot.authored());
  statistics.gaps = CountGaps(snapshot.cache());
  return statistics;
}

}  // namespace hark::store
