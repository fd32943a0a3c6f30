#include "daemon/store/fetch_planner.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "daemon/store/conversation_rows.h"
#include "daemon/store/gap_math.h"
#include "daemon/store/gap_rows.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {
namespace {

bool IsWanted(const GapRange& gap, bool active) {
  switch (gap.reason) {
    case GapReason::kNotFetched: return true;
    case GapReason::kLimited: return active;
    case GapReason::kEvicted: return false;
  }
  return false;
}

// Newest first. Only the highest stretch is refreshed at a time: refresh_to moves downward.
void AddItems(const ConversationId& id, const GapSet& gaps, Sequence refresh_to, bool active,
              std::size_t limit, std::vector<FetchItem>& items) {
  std::vector<FetchItem> found;
  for (const GapRange& gap : gaps.ranges()) {
    if (IsWanted(gap, active)) found.push_back({id, gap.from, gap.to, false});
  }
  const auto present = gaps.PresentUpTo(refresh_to);
  if (!present.empty()) found.push_back({id, present.front().from, present.front().to, true});
  std::sort(found.begin(), found.end(),
            [](const FetchItem& a, const FetchItem& b) { return a.from > b.from; });
  for (FetchItem& item : found) {
    if (items.size() >= limit) return;
    items.push_back(std::move(item));
  }
}

std::vector<ConversationRow> FindActive(Connection& cache,
                                        const std::vector<ConversationId>& active) {
  std::vector<ConversationRow> rows;
  for (const ConversationId& id : active) {
    if (auto row = FindConversation(cache, id)) rows.push_back(*std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const ConversationRow& a, const ConversationRow& b) {
    return std::pair(a.listed_at, a.key) > std::pair(b.listed_at, b.key);
  });
  const auto same = [](const ConversationRow& a, const ConversationRow& b) {
    return a.key == b.key;
  };
  rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
  return rows;
}

}  // namespace

FetchPlan PlanFetches(const Snapshot& snapshot, const std::vector<ConversationId>& active,
                      std::uint32_t limit) {
  Connection& cache = snapshot.cache();
  FetchPlan plan;
  plan.missing = ReadMissing(cache);
  const std::vector<ConversationRow> active_rows = FindActive(cache, active);
  for (const ConversationRow& row : active_rows) {
    if (row.gap_count == 0 && row.missing == 0) continue;
    const GapSet gaps = LoadGaps(cache, row.key);
    plan.missing += gaps.CountOf(GapReason::kLimited);
    AddItems(row.id, gaps, row.refresh_to, true, limit, plan.items);
  }
  if (plan.items.size() >= limit) return plan;
  ForEachToFetch(cache, [&](const FetchCandidate& candidate) {
    const auto is_it = [&candidate](const ConversationRow& row) {
      return row.key == candidate.key;
    };
    if (std::none_of(active_rows.begin(), active_rows.end(), is_it)) {
      AddItems(candidate.id, LoadGaps(cache, candidate.key), candidate.refresh_to, false, limit,
               plan.items);
    }
    return plan.items.size() < limit;
  });
  return plan;
}

}  // namespace hark::store
