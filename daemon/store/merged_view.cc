#include "daemon/store/merged_view.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/opened_rows.h"

namespace hark::store {
namespace {

bool IsInCache(const MergedView& view, const MessageId& id) {
  return view.may_overlap && FindMessagePlace(view.cache, id).has_value();
}

void ShowSending(const MergedView& view, Message& message) {
  if (message.delivery == Delivery::kQueued && view.sending.contains(message.id)) {
    message.delivery = Delivery::kSending;
  }
}

}  // namespace

std::vector<PendingSend> ListPending(const MergedView& view, const ConversationId& conversation,
                                     std::uint64_t below, std::uint32_t limit) {
  std::vector<PendingSend> pending;
  while (pending.size() < limit) {
    const auto wanted = static_cast<std::uint32_t>(limit - pending.size());
    std::vector<PendingSend> sends = ListSendsBackward(view.authored, conversation, below, wanted);
    const bool last = sends.size() < wanted;
    for (PendingSend& send : sends) {
      below = send.position;
      if (IsInCache(view, send.message.id)) continue;
      ShowSending(view, send.message);
      pending.push_back(std::move(send));
    }
    if (last) break;
  }
  return pending;
}

PendingCounts CountPending(const MergedView& view, const ConversationId& conversation) {
  PendingCounts counts = CountSends(view.authored, conversation);
  if (counts.pending == 0 || !view.may_overlap) return counts;
  for (const MessageId& id : SendIdsOf(view.authored, conversation)) {
    if (!IsInCache(view, id)) continue;
    --counts.pending;
    const auto send = FindSend(view.authored, id);
    if (send && send->message.delivery == Delivery::kFailed) --counts.failed;
  }
  return counts;
}

std::optional<PendingSend> FindPending(const MergedView& view, const MessageId& id) {
  std::optional<PendingSend> send = FindSend(view.authored, id);
  if (!send || IsInCache(view, id)) return std::nullopt;
  ShowSending(view, send->message);
  return send;
}

std::optional<Message> FindMerged(const MergedView& view, const MessageId& id) {
  std::optional<PendingSend> send = FindSend(view.authored, id);
  std::optional<Message> message = FindMessage(view.cache, id);
  if (message || !send) return message;
  ShowSending(view, send->message);
  return std::move(send->message);
}

Conversation MergeConversation(const MergedView& view, const ConversationRow& row,
                               bool pending_possible) {
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
  const auto opened = ReadOpened(view.authored, row.id);
  conversation.active = opened && *opened >= view.now - limits::kActiveFor;
  if (!pending_possible) return conversation;

  const PendingCounts counts = CountPending(view, row.id);
  conversation.pending_count = counts.pending;
  conversation.failed_count = counts.failed;
  conversation.message_count += counts.pending;
  if (counts.pending > 0) {
    const auto newest = ListPending(view, row.id, std::numeric_limits<std::int64_t>::max(), 1);
    if (!newest.empty()) conversation.preview = PreviewOf(newest.front().message.content);
  }
  return conversation;
}

}  // namespace hark::store
