#include "daemon/store/list_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/change_rows.h"
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
  const std::set<ConversationId> active = ReadActive(snapshot.view());
  for (const ConversationRow& row : rows) {
    const PendingCounts counts =
        pending_possible ? CountPending(snapshot.view(), row.id) : PendingCounts{};
    page.conversations.push_back(
        MergeConversation(snapshot.view(), row, active.contains(row.id), counts));
  }
  if (has_more) page.next = ListPosition{rows.back().listed_at, rows.back().id};
  return page;
}

Result<Conversation> GetConversation(const Snapshot& snapshot, const ConversationId& id) {
  const auto row = FindConversation(snapshot.cache(), id);
  if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
  return MergeConversation(snapshot.view(), *row, IsActive(snapshot.view(), id),
                           CountPending(snapshot.view(), id));
}

OutboxState ReadOutbox(const Snapshot& snapshot) {
  OutboxState state;
  state.revision = snapshot.revision();
  for (OutboxRow& row : ListOutbox(snapshot.authored())) {
    if (IsSettled(snapshot.view(), row.entry)) continue;
    state.entries.push_back(ShownEntry(snapshot.view().in_flight, std::move(row)));
  }
  return state;
}

Result<OutgoingEntry> ReadOutgoing(const Snapshot& snapshot, std::uint64_t position) {
  auto row = FindOutboxRow(snapshot.authored(), position);
  if (!row || IsSettled(snapshot.view(), row->entry))
    return Fail(ErrorCode::kNotFound, "no such entry in the outbox");
  OutgoingEntry outgoing;
  if (row->entry.kind == OutboxKind::kSend) {
    if (auto send = FindSend(snapshot.authored(), row->entry.message))
      outgoing.message = std::move(send->message);
  } else if (auto change = FindChange(snapshot.authored(), position)) {
    outgoing.message.id = row->entry.message;
    outgoing.message.conversation = row->entry.conversation;
    outgoing.message.content = std::move(change->content);
    outgoing.message.edited_at = row->entry.submitted_at;
  }
  outgoing.entry = ShownEntry(snapshot.view().in_flight, *std::move(row));
  return outgoing;
}

StoreStatistics ReadStatistics(const Snapshot& snapshot) {
  const ConversationTotals totals = CountConversationsAndMessages(snapshot.cache());
  StoreStatistics statistics;
  statistics.conversations = totals.conversations;
  statistics.messages = totals.messages;
  statistics.outbox = CountUnsettled(snapshot.view());
  statistics.gaps = CountGaps(snapshot.cache());
  return statistics;
}

}  // namespace hark::store
