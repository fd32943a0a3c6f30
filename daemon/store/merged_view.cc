#include "daemon/store/merged_view.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/draft_rows.h"
#include "daemon/store/gap_rows.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

bool IsInCache(const MergedView& view, const MessageId& id) {
  return view.may_overlap && FindMessagePlace(view.cache, id).has_value();
}

void ShowSend(const MergedView& view, PendingSend& send) {
  send.message.delivery =
      ShownDelivery(view.in_flight, send.position, send.message.delivery, send.attempted);
  ShowChanges(view, send.message);
}

bool IsUnderWay(Delivery delivery) {
  return delivery == Delivery::kQueued || delivery == Delivery::kSending ||
         delivery == Delivery::kUnknown;
}

// The beginning of the newest message as it is shown; absent if none of the newest is.
std::optional<std::string> ShownPreview(const MergedView& view, const ConversationRow& row) {
  constexpr int kLooked = 32;
  const auto gap = FindGapBelow(view.cache, row.key, PlaceBound::kNoBound);
  std::optional<std::string> preview;
  int looked = 0;
  ForEachBackward(view.cache, row.key, row.id, gap ? gap->to : 0, {}, [&](Message message) {
    ShowChanges(view, message);
    if (!message.deleted) preview = PreviewOf(message.content);
    return message.deleted && ++looked < kLooked;
  });
  return preview;
}

// `list`: ListSendsBackward or ListSendsForward, which go on from `position`.
template <typename List>
std::vector<PendingSend> ListPendingFrom(const MergedView& view, const ConversationId& conversation,
                                         std::uint64_t position, std::uint32_t limit, List list) {
  std::vector<PendingSend> pending;
  while (pending.size() < limit) {
    const auto wanted = static_cast<std::uint32_t>(limit - pending.size());
    std::vector<PendingSend> sends = list(view.authored, conversation, position, wanted);
    const bool last = sends.size() < wanted;
    for (PendingSend& send : sends) {
      position = send.position;
      if (IsInCache(view, send.message.id)) continue;
      ShowSend(view, send);
      pending.push_back(std::move(send));
    }
    if (last) break;
  }
  return pending;
}

}  // namespace

MergedView::MergedView(Connection& authored_file, Connection& cache_file,
                       const InFlight& on_the_way, WallTime at, bool overlapping)
    : authored(authored_file),
      cache(cache_file),
      in_flight(on_the_way),
      now(at),
      may_overlap(overlapping),
      has_changes(HasChanges(authored_file)) {}

OutboxEntry ShownEntry(const InFlight& in_flight, OutboxRow row) {
  row.entry.delivery =
      ShownDelivery(in_flight, row.entry.position, row.entry.delivery, row.attempted);
  return std::move(row.entry);
}

void ShowChanges(const MergedView& view, Message& message) {
  if (!view.has_changes) return;
  // The last one counts; a deletion counts more than an edit before it.
  for (ChangeRow& change : ListChanges(view.authored, message.id)) {
    const OutboxEntry entry = ShownEntry(view.in_flight, std::move(change.row));
    const bool shown = IsUnderWay(entry.delivery);
    PendingChange pending;
    pending.delivery = entry.delivery;
    pending.failure = std::move(change.failure);
    if (entry.kind == OutboxKind::kDelete) {
      pending.kind = PendingChange::Kind::kDelete;
      if (shown) {
        message.deleted = true;
        message.content.clear();
      }
    } else if (shown) {
      if (!message.deleted) message.content = std::move(change.content);
      message.edited_at = entry.submitted_at;
    } else {
      pending.content = std::move(change.content);
    }
    message.change = std::move(pending);
  }
}

std::vector<PendingSend> ListPending(const MergedView& view, const ConversationId& conversation,
                                     std::uint64_t below, std::uint32_t limit) {
  return ListPendingFrom(view, conversation, below, limit, ListSendsBackward);
}

std::vector<PendingSend> ListPendingForward(const MergedView& view,
                                            const ConversationId& conversation, std::uint64_t above,
                                            std::uint32_t limit) {
  return ListPendingFrom(view, conversation, above, limit, ListSendsForward);
}

PendingCounts CountPending(const MergedView& view, const ConversationId& conversation) {
  PendingCounts counts = CountSends(view.authored, conversation);
  if (counts.pending == 0 || !view.may_overlap) return counts;
  for (const MessageId& id : SendIdsOf(view.authored, conversation)) {
    if (!IsInCache(view, id)) continue;
    --counts.pending;
    const auto send = FindSend(view.authored, id);
    if (send && send->message.delivery != Delivery::kQueued) --counts.failed;
  }
  return counts;
}

bool IsSettled(const MergedView& view, const OutboxEntry& entry) {
  if (entry.kind == OutboxKind::kMarkRead) return view.in_flight.settled.contains(entry.position);
  return entry.kind == OutboxKind::kSend && IsInCache(view, entry.message);
}

std::uint64_t CountUnsettled(const MergedView& view) {
  std::uint64_t count = CountOutbox(view.authored);
  if (!view.may_overlap) return count;
  for (const MessageId& id : AllSendIds(view.authored)) count -= IsInCache(view, id) ? 1 : 0;
  for (const std::uint64_t position : view.in_flight.settled)
    count -= FindOutboxRow(view.authored, position) ? 1 : 0;
  return count;
}

std::optional<PendingSend> FindPending(const MergedView& view, const MessageId& id) {
  std::optional<PendingSend> send = FindSend(view.authored, id);
  if (!send || IsInCache(view, id)) return std::nullopt;
  ShowSend(view, *send);
  return send;
}

std::optional<Message> FindMerged(const MergedView& view, const MessageId& id) {
  std::optional<PendingSend> send = FindSend(view.authored, id);
  std::optional<Message> message = FindMessage(view.cache, id);
  if (message) {
    ShowChanges(view, *message);
    return message;
  }
  if (!send) return std::nullopt;
  ShowSend(view, *send);
  return std::move(send->message);
}

bool IsActive(const MergedView& view, const ConversationId& id) {
  const auto opened = ReadOpened(view.authored, id);
  return opened && *opened >= view.now - limits::kActiveFor;
}

std::set<ConversationId> ReadActive(const MergedView& view) {
  const auto ids = ListOpenedSince(view.authored, view.now - limits::kActiveFor,
                                   std::numeric_limits<std::uint32_t>::max());
  return {ids.begin(), ids.end()};
}

Conversation MergeConversation(const MergedView& view, const ConversationRow& row, bool active,
                               const PendingCounts& counts) {
  Conversation conversation;
  conversation.id = row.id;
  conversation.title = row.title;
  conversation.last_activity_at = row.listed_at;
  conversation.preview = row.preview;
  conversation.unread_count = row.unread_count;
  conversation.read_sequence = row.read_sequence;
  conversation.last_sequence = row.last_sequence;
  conversation.message_count = row.message_count;
  conversation.complete = row.gap_count == 0;
  conversation.active = active;
  conversation.has_draft = HasDraft(view.authored, row.id);
  conversation.pending_count = counts.pending;
  conversation.failed_count = counts.failed;
  conversation.message_count += counts.pending;
  if (counts.pending > 0) {
    const auto newest = ListPending(view, row.id, std::numeric_limits<std::int64_t>::max(), 1);
    if (!newest.empty()) conversation.preview = PreviewOf(newest.front().message.content);
  } else if (view.has_changes && HasChangesIn(view.authored, row.id)) {
    conversation.preview = ShownPreview(view, row).value_or(std::string());
  }
  return conversation;
}

}  // namespace hark::store
