#include "daemon/store/outbox_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

// The first `count` of what is asked for.
std::vector<OutboxRow> ListUnsettled(const MergedView& view, const OutboxQuery& query,
                                     std::uint32_t count) {
  std::vector<OutboxRow> unsettled;
  std::uint64_t after = query.after;
  while (unsettled.size() < count) {
    const auto wanted = static_cast<std::uint32_t>(count - unsettled.size());
    std::vector<OutboxRow> rows = ListAsked(view.authored, query, after, wanted);
    const bool last = rows.size() < wanted;
    for (OutboxRow& row : rows) {
      after = row.entry.position;
      if (!IsSettled(view, row.entry)) unsettled.push_back(std::move(row));
    }
    if (last) break;
  }
  return unsettled;
}

std::uint64_t CountUnsettled(const MergedView& view, const OutboxQuery& query) {
  std::uint64_t count = CountAsked(view.authored, query);
  if (!view.may_overlap) return count;
  for (const MessageId& id : SendIdsAsked(view.authored, query))
    count -= FindMessagePlace(view.cache, id) ? 1 : 0;
  return count;
}

void ShowContent(const std::string& content, OutboxItem& item) {
  item.preview = PreviewOf(content);
  item.preview_cut = item.preview.size() < content.size();
}

// The message is in the cache, or is being sent itself.
void ShowMessageOf(const MergedView& view, OutboxItem& item) {
  if (auto message = FindMessage(view.cache, item.entry.message)) {
    item.content_type = std::move(message->content_type);
  } else if (auto send = FindSend(view.authored, item.entry.message)) {
    item.content_type = std::move(send->message.content_type);
  } else {
    item.message_is_here = false;
  }
}

OutboxItem ItemOf(const MergedView& view, OutboxRow row) {
  OutboxItem item;
  item.entry = ShownEntry(view.in_flight, std::move(row));
  if (item.entry.kind == OutboxKind::kSend) {
    if (auto send = FindSend(view.authored, item.entry.message)) {
      item.failure = std::move(send->message.failure);
      item.content_type = std::move(send->message.content_type);
      ShowContent(send->message.content, item);
    }
    return item;
  }
  if (auto change = FindChange(view.authored, item.entry.position)) {
    item.failure = std::move(change->failure);
    ShowContent(change->content, item);
  }
  ShowMessageOf(view, item);
  if (item.entry.kind == OutboxKind::kDelete) item.content_type.clear();
  return item;
}

}  // namespace

Result<OutboxPage> ListOutbox(const Snapshot& snapshot, const OutboxQuery& query) {
  const MergedView& view = snapshot.view();
  if (query.conversation && !FindConversation(view.cache, *query.conversation))
    return Fail(ErrorCode::kNotFound, "no such conversation");
  const auto limit = std::clamp<std::uint32_t>(query.limit, 1, limits::kPageSize);
  std::vector<OutboxRow> rows = ListUnsettled(view, query, limit + 1);
  OutboxPage page;
  page.revision = snapshot.revision();
  page.total_count = CountUnsettled(view, query);
  if (rows.size() > limit) {
    rows.pop_back();
    page.next = rows.back().entry.position;
  }
  page.items.reserve(rows.size());
  for (OutboxRow& row : rows) page.items.push_back(ItemOf(view, std::move(row)));
  return page;
}

}  // namespace hark::store
