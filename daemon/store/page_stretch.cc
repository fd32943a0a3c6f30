#include "daemon/store/page_stretch.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/gap_rows.h"

namespace hark::store {
namespace {

Gap ToGap(const ConversationRow& row, const GapRange& range) {
  return {row.id, range.from, range.to, range.reason};
}

// A usual page, which is then not moved while it grows.
constexpr std::size_t kRoom = limits::kDefaultPageSize;

// Collects messages until one does not fit.
class Builder {
 public:
  Builder(const MergedView& view, const ConversationRow& row, StretchLimit limit)
      : view_(view),
        limit_(limit),
        changed_(view.has_changes && HasChangesIn(view.authored, row.id)) {
    stretch.messages.reserve(std::min(limit.messages, kRoom));
  }

  // False, and the message is left out, when the stretch is full.
  bool AddPending(Message&& message) {
    const std::size_t bytes = BytesOf(message);
    const bool fits = stretch.messages.empty() || bytes_ + bytes <= limit_.bytes;
    if (stretch.messages.size() >= limit_.messages || !fits) {
      stretch.more = true;
      return false;
    }
    bytes_ += bytes;
    stretch.messages.push_back(std::move(message));
    return true;
  }

  bool AddCached(Message&& message) {
    if (changed_) ShowChanges(view_, message);
    return AddPending(std::move(message));
  }

  void AddPending(std::vector<PendingSend> sends) {
    for (PendingSend& send : sends) {
      if (!AddPending(std::move(send.message))) return;
    }
  }

  // One more than fits says whether there are more.
  [[nodiscard]] std::uint32_t OneMore() const {
    return static_cast<std::uint32_t>(limit_.messages - stretch.messages.size() + 1);
  }

  PageStretch stretch;

 private:
  const MergedView& view_;
  const StretchLimit limit_;
  const bool changed_;
  std::size_t bytes_ = 0;
};

// The cached messages from `below` down to the next gap.
void AddDown(const MergedView& view, const ConversationRow& row, PlaceBound below,
             Builder& builder) {
  std::optional<GapRange> gap;
  if (row.gap_count > 0) gap = FindGapBelow(view.cache, row.key, below.sequence);
  ForEachBackward(view.cache, row.key, row.id, gap ? gap->to : 0, below,
                  [&](Message&& message) { return builder.AddCached(std::move(message)); });
  // The stretch above the gap is used up: the gap is next.
  if (gap && !builder.stretch.more) builder.stretch.gap = ToGap(row, *gap);
}

// The cached messages from `above` up to the next gap.
void AddUp(const MergedView& view, const ConversationRow& row, PlaceBound above, Builder& builder) {
  std::optional<GapRange> gap;
  if (row.gap_count > 0) gap = FindGapAbove(view.cache, row.key, above.sequence);
  ForEachForward(view.cache, row.key, row.id, above, gap ? gap->from : PlaceBound::kNoBound,
                 [&](Message&& message) { return builder.AddCached(std::move(message)); });
  if (gap && !builder.stretch.more) builder.stretch.gap = ToGap(row, *gap);
}

}  // namespace

std::size_t BytesOf(const Message& message) {
  std::size_t bytes = message.content.size();
  for (const auto& [name, value] : message.metadata) bytes += name.size() + value.size();
  if (message.change) bytes += message.change->content.size();
  return bytes;
}

void PageStretch::Cut(std::size_t count) {
  if (count >= messages.size()) return;
  messages.resize(count);
  more = true;
  gap.reset();
  if (end_gap && end_gap_at > count) end_gap.reset();
}

PageStretch ReadOlder(const MergedView& view, const ConversationRow& row,
                      const ConversationPlace& place, StretchLimit limit) {
  Builder builder(view, row, limit);
  PageStretch& stretch = builder.stretch;
  PlaceBound below = place.cached;
  if (place.pending) {
    builder.AddPending(ListPending(view, row.id, *place.pending, builder.OneMore()));
    if (stretch.more) return std::move(stretch);
    below = {};
  }
  const std::size_t pending = stretch.messages.size();
  AddDown(view, row, below, builder);
  // Nothing but gaps at the end of the conversation: what lies below them is the newest to show.
  while (place.pending && stretch.gap && stretch.messages.size() == pending) {
    const Gap next = *std::exchange(stretch.gap, std::nullopt);
    if (!stretch.end_gap) stretch.end_gap = next;
    stretch.end_gap->from = next.from;
    stretch.end_gap_at = pending;
    AddDown(view, row, {next.from, 0}, builder);
  }
  return std::move(stretch);
}

PageStretch ReadNewer(const MergedView& view, const ConversationRow& row,
                      const ConversationPlace& place, StretchLimit limit) {
  Builder builder(view, row, limit);
  PageStretch& stretch = builder.stretch;
  if (!place.pending) {
    AddUp(view, row, place.cached, builder);
    if (stretch.more) return std::move(stretch);
    if (stretch.gap) {
      if (HighestSequence(view.cache, row.key) > stretch.gap->to) return std::move(stretch);
      // Nothing but gaps up to the end of the conversation, told as one, as by ReadOlder().
      const auto last = FindGapBelow(view.cache, row.key, PlaceBound::kNoBound);
      stretch.end_gap = Gap{row.id, stretch.gap->from, last->to, last->reason};
      stretch.end_gap_at = stretch.messages.size();
      stretch.gap.reset();
    }
  }
  builder.AddPending(
      ListPendingForward(view, row.id, place.pending.value_or(0), builder.OneMore()));
  return std::move(stretch);
}

}  // namespace hark::store
