#include "daemon/ipc/page_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "daemon/ipc/requests.h"

namespace hark::ipc {
namespace {

// Of a gap below a page, messages: a gap may be of thousands, and what a person reads is fetched
// ahead of everything else. Whoever pages on meets the next gap rarely.
constexpr Sequence kFetchedAhead = 1'000;

bool HasAnchorOn(const store::PageQuery& query, store::PageSide side) {
  return query.anchor.has_value() && query.side == side;
}

// The gap lies within what the page shows, not at its edge: the pending messages stand behind it.
bool EndsBehindGap(const store::MessagePage& page) {
  return page.gap_after && !page.messages.empty() && page.messages.back().sequence == 0;
}

}  // namespace

Result<store::PageQuery> CheckedPage(v1::ListMessagesRequest& in) {
  store::PageQuery query;
  auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
  if (!id) return tl::unexpected(id.error());
  query.conversation = *std::move(id);

  const std::pair<std::string*, store::PageSide> anchors[] = {
      {in.mutable_before_message_id(), store::PageSide::kBefore},
      {in.mutable_after_message_id(), store::PageSide::kAfter},
      {in.mutable_around_message_id(), store::PageSide::kAround}};
  for (const auto& [anchor, side] : anchors) {
    if (anchor->empty()) continue;
    if (query.anchor) {
      return Fail(ErrorCode::kInvalidArgument,
                  "give one of before_message_id, after_message_id and around_message_id");
    }
    auto message = CheckedMessage(std::move(*anchor));
    if (!message) return tl::unexpected(message.error());
    query.anchor = *std::move(message);
    query.side = side;
  }

  const auto size = CheckedPageSize(in.page_size(), "page_size");
  if (!size) return tl::unexpected(size.error());
  query.limit = *size;
  if (!v1::ListMessagesRequest::Policy_IsValid(in.policy())) {
    return Fail(ErrorCode::kInvalidArgument, "policy is not known to this daemon");
  }
  return query;
}

std::size_t GrowsFrom(const store::MessagePage& page, const store::PageQuery& query) {
  if (HasAnchorOn(query, store::PageSide::kAfter)) return 0;
  if (!HasAnchorOn(query, store::PageSide::kAround)) return page.messages.size();
  const auto anchor =
      std::find_if(page.messages.begin(), page.messages.end(),
                   [&](const Message& message) { return message.id == *query.anchor; });
  return static_cast<std::size_t>(anchor - page.messages.begin());
}

bool IsMiss(const store::MessagePage& page, const store::PageQuery& query) {
  const bool full = page.messages.size() >= query.limit;
  // Of the newest page, what the gap at the end hides is just what was asked for.
  const bool newest = !query.anchor;
  return (page.gap_before && !full) || (page.gap_after && (!full || newest || EndsBehindGap(page)));
}

std::vector<Gap> WantedGaps(const store::MessagePage& page, const store::PageQuery& query) {
  std::vector<Gap> wanted;
  if (page.gap_before) {
    Gap gap = *page.gap_before;
    if (gap.to - gap.from >= kFetchedAhead) gap.from = gap.to - kFetchedAhead + 1;
    wanted.push_back(std::move(gap));
  }
  if (page.gap_after) {
    Gap gap = *page.gap_after;
    // The engine works from a gap's end. Whoever reads on from an older message needs its beginning
    // first.
    if (query.anchor && query.side != store::PageSide::kBefore) {
      gap.to = std::min(gap.to, gap.from + query.limit - 1);
    }
    wanted.push_back(std::move(gap));
  }
  return wanted;
}

}  // namespace hark::ipc
