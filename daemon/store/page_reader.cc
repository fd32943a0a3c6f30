#include "daemon/store/page_reader.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/page_stretch.h"

namespace hark::store {
namespace {

// What can be large in the messages of one page: with the rest of them it stays below
// limits::kLocalMessageBytes.
constexpr std::size_t kPageBytes = 3 * 1024 * 1024;

struct Anchor {
  ConversationPlace place;
  Message message;
};

Result<Anchor> FindAnchor(const MergedView& view, const PageQuery& query,
                          const ConversationRow& row) {
  const MessageId& id = *query.anchor;
  if (auto send = FindPending(view, id)) {
    if (send->message.conversation == query.conversation) {
      return Anchor{{send->position, {}}, std::move(send->message)};
    }
  } else if (const auto place = FindMessagePlace(view.cache, id)) {
    if (place->conversation == row.key) {
      Anchor anchor{{std::nullopt, {place->sequence, place->key}}, {}};
      // Only a page around it shows it.
      if (query.side == PageSide::kAround)
        anchor.message = FindMerged(view, id).value_or(Message());
      return anchor;
    }
  }
  return Fail(ErrorCode::kNotFound, "no such message in this conversation");
}

// Leaves of both sides what fits one page beside the anchor, as many of the one as of the other
// while both have enough.
void Balance(PageStretch& older, PageStretch& newer, StretchLimit limit) {
  std::size_t kept_older = 0;
  std::size_t kept_newer = 0;
  std::size_t bytes = 0;
  // A side that had one left out gets no more: what comes next to it would not be contiguous.
  const auto take = [&](const PageStretch& side, std::size_t& kept) {
    if (kept == side.messages.size() || kept_older + kept_newer == limit.messages) return false;
    const std::size_t size = BytesOf(side.messages[kept]);
    if (bytes + size > limit.bytes) return false;
    bytes += size;
    ++kept;
    return true;
  };
  bool more_older = true;
  bool more_newer = true;
  while (more_older || more_newer) {
    more_older = more_older && take(older, kept_older);
    more_newer = more_newer && take(newer, kept_newer);
  }
  older.Cut(kept_older);
  newer.Cut(kept_newer);
}

void AppendOlder(PageStretch older, MessagePage& page) {
  page.has_more = older.more || older.gap.has_value();
  page.gap_before = older.gap;
  if (older.end_gap && older.end_gap_at == older.messages.size()) {
    page.gap_before = older.end_gap;
    page.has_more = true;
  } else if (older.end_gap) {
    page.gap_after = older.end_gap;
    page.has_more_after = true;
  }
  std::reverse(older.messages.begin(), older.messages.end());
  page.messages = std::move(older.messages);
}

void AppendNewer(PageStretch newer, MessagePage& page) {
  const std::optional<Gap>& gap = newer.end_gap ? newer.end_gap : newer.gap;
  if (gap) page.gap_after = gap;
  page.has_more_after = page.has_more_after || newer.more || gap.has_value();
  page.messages.insert(page.messages.end(), std::make_move_iterator(newer.messages.begin()),
                       std::make_move_iterator(newer.messages.end()));
}

void ReadAround(const MergedView& view, const ConversationRow& row, Anchor anchor,
                StretchLimit limit, MessagePage& page) {
  const std::size_t own = BytesOf(anchor.message);
  --limit.messages;
  limit.bytes -= std::min(limit.bytes, own);
  PageStretch older = ReadOlder(view, row, anchor.place, limit);
  PageStretch newer = ReadNewer(view, row, anchor.place, limit);
  Balance(older, newer, limit);
  AppendOlder(std::move(older), page);
  page.messages.push_back(std::move(anchor.message));
  AppendNewer(std::move(newer), page);
}

}  // namespace

Result<MessagePage> ReadPage(const Snapshot& snapshot, const PageQuery& query) {
  const MergedView& view = snapshot.view();
  const auto row = FindConversation(view.cache, query.conversation);
  if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
  std::optional<Anchor> anchor;
  if (query.anchor) {
    auto found = FindAnchor(view, query, *row);
    if (!found) return tl::unexpected<Error>(found.error());
    anchor = *std::move(found);
  }

  MessagePage page;
  page.revision = snapshot.revision();
  page.total_count = row->message_count + CountPending(view, query.conversation).pending;
  const StretchLimit limit{std::clamp<std::uint32_t>(query.limit, 1, limits::kPageSize),
                           kPageBytes};
  if (!anchor) {
    AppendOlder(ReadOlder(view, *row, ConversationPlace::End(), limit), page);
  } else if (query.side == PageSide::kBefore) {
    AppendOlder(ReadOlder(view, *row, anchor->place, limit), page);
    page.has_more_after = true;  // The anchor, to begin with.
  } else if (query.side == PageSide::kAfter) {
    AppendNewer(ReadNewer(view, *row, anchor->place, limit), page);
    page.has_more = true;
  } else {
    ReadAround(view, *row, *std::move(anchor), limit, page);
  }
  return page;
}

}  // namespace hark::store
