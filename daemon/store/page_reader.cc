#include "daemon/store/page_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/gap_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/message_rows.h"

namespace hark::store {
namespace {

// Contents and metadata of one page: with the rest of the messages it stays below
// limits::kLocalMessageBytes.
constexpr std::size_t kPageBytes = 3 * 1024 * 1024;

std::size_t BytesOf(const Message& message) {
  std::size_t bytes = message.content.size();
  for (const auto& [name, value] : message.metadata) bytes += name.size() + value.size();
  return bytes;
}

// Where the page ends: just before a pending message, or just before a place among the cached ones.
struct Anchor {
  std::uint64_t pending_below = std::numeric_limits<std::int64_t>::max();
  bool wants_pending = true;
  PlaceBound cached_below;
};

Result<Anchor> FindAnchor(const MergedView& view, const PageQuery& query,
                          std::int64_t conversation) {
  Anchor anchor;
  if (!query.before) return anchor;
  if (const auto send = FindPending(view, *query.before)) {
    if (send->message.conversation == query.conversation) {
      anchor.pending_below = send->position;
      return anchor;
    }
  } else if (const auto place = FindMessagePlace(view.cache, *query.before)) {
    if (place->conversation == conversation) {
      anchor.wants_pending = false;
      anchor.cached_below = {place->sequence, place->key};
      return anchor;
    }
  }
  return Fail(ErrorCode::kNotFound, "no such message in this conversation");
}

// Collects newest first; the page is turned round at the end.
class PageBuilder {
 public:
  explicit PageBuilder(std::uint32_t limit) : limit_(limit) {}

  // False, and `message` is left out, when the page is full. The first message always fits.
  bool Add(Message message) {
    const std::size_t bytes = BytesOf(message);
    if (messages_.size() >= limit_ || (!messages_.empty() && bytes_ + bytes > kPageBytes)) {
      full_ = true;
      return false;
    }
    bytes_ += bytes;
    messages_.push_back(std::move(message));
    return true;
  }

  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  // Something did not fit.
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] std::uint32_t limit() const { return limit_; }

  [[nodiscard]] std::vector<Message> TakeOldestFirst() {
    std::reverse(messages_.begin(), messages_.end());
    return std::move(messages_);
  }

 private:
  const std::uint32_t limit_;
  std::vector<Message> messages_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

// The cached messages from `below` down to the next gap.
void AddStretch(const MergedView& view, const ConversationRow& row, PlaceBound below,
                PageBuilder& builder, MessagePage& page) {
  const bool changed = view.has_changes && HasChangesIn(view.authored, row.id);
  std::optional<GapRange> gap;
  if (row.gap_count > 0) gap = FindGapBelow(view.cache, row.key, below.sequence);
  ForEachBackward(view.cache, row.key, row.id, gap ? gap->to : 0, below, [&](Message message) {
    if (changed) ShowChanges(view, message);
    return builder.Add(std::move(message));
  });
  // The stretch above the gap is used up: the gap is next.
  if (gap && !builder.full()) page.gap_before = Gap{row.id, gap->from, gap->to, gap->reason};
}

void AddPending(const MergedView& view, const PageQuery& query, std::uint64_t below,
                PageBuilder& page) {
  // One more than fits says whether there are more.
  for (PendingSend& send : ListPending(view, query.conversation, below, page.limit() + 1)) {
    if (!page.Add(std::move(send.message))) return;
  }
}

}  // namespace

Result<MessagePage> ReadPage(const Snapshot& snapshot, const PageQuery& query) {
  const MergedView& view = snapshot.view();
  const auto row = FindConversation(view.cache, query.conversation);
  if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
  const auto anchor = FindAnchor(view, query, row->key);
  if (!anchor) return tl::unexpected<Error>(anchor.error());

  MessagePage page;
  page.revision = snapshot.revision();
  page.total_count = row->message_count + CountPending(view, query.conversation).pending;

  PageBuilder builder(std::clamp<std::uint32_t>(query.limit, 1, limits::kPageSize));
  if (anchor->wants_pending) AddPending(view, query, anchor->pending_below, builder);
  if (!builder.full()) {
    const std::size_t pending = builder.size();
    AddStretch(view, *row, anchor->cached_below, builder, page);
    // Nothing but gaps at the end of the conversation: what lies below them is the newest to show.
    std::optional<Gap> at_end;
    while (anchor->wants_pending && page.gap_before && builder.size() == pending) {
      const Gap next = *std::exchange(page.gap_before, std::nullopt);
      if (!at_end) at_end = next;
      at_end->from = next.from;
      AddStretch(view, *row, {next.from, 0}, builder, page);
    }
    if (at_end) (builder.size() == pending ? page.gap_before : page.gap_after) = at_end;
  }
  page.has_more = builder.full() || page.gap_before.has_value();
  page.messages = builder.TakeOldestFirst();
  return page;
}

}  // namespace hark::store
