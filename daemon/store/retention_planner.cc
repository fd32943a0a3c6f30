#include "daemon/store/retention_planner.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/retention_rows.h"

namespace hark::store {
namespace {

// Conversations looked at, and rows that would go, in one snapshot.
constexpr std::uint32_t kConversationsAtOnce = 500;
constexpr std::uint64_t kRowsAtOnce = 5'000;

// How far the plan has come in one conversation.
struct Walk {
  std::int64_t key = 0;
  Eviction eviction;
  Sequence spared_from = 0;
  Sequence sequence = 0;  // Of the last row that goes.
  std::int64_t row = 0;
};

class Planner {
 public:
  Planner(const RetentionPolicy& policy, WallTime now) : policy_(policy), now_(now) {}

  Result<void> Begin(const Snapshot& snapshot) {
    days_ = ReadRetentions(snapshot.authored());
    pending_ = PendingChanges(snapshot.authored());
    const auto active = ListOpenedSince(snapshot.authored(), now_ - limits::kActiveFor, UINT32_MAX);
    active_.insert(active.begin(), active.end());
    return {};
  }

  // The next conversations by age. False: that was all.
  Result<bool> Step(const Snapshot& snapshot) {
    Connection& cache = snapshot.cache();
    std::uint64_t rows = 0;
    const auto found = ConversationsWithRows(cache, after_, kConversationsAtOnce);
    for (const KeptConversation& conversation : found) {
      if (rows >= kRowsAtOnce) return true;
      after_ = conversation.key;
      const auto own = days_.find(conversation.id);
      const std::uint32_t days = own == days_.end() ? policy_.days : own->second;
      if (own != days_.end() && days == 0) continue;
      Walk walk;
      walk.key = conversation.key;
      walk.eviction.conversation = conversation.id;
      walk.spared_from = SparedFrom(cache, walk.key, active_.contains(conversation.id));
      const auto [first, last] = pending_.equal_range(conversation.id);
      for (auto change = first; change != last; ++change) {
        if (const auto place = FindMessagePlace(cache, change->second)) {
          walk.spared_from = std::min(walk.spared_from, place->sequence);
        }
      }
      if (days > 0) {
        const WallTime before = now_ - std::chrono::hours(24) * days;
        while (const auto row = Next(cache, walk)) {
          if (row->created_at >= before) break;
          Take(walk, *row);
          ++rows;
        }
        if (walk.eviction.messages > 0) walk.eviction.before = before;
      }
      if (walk.eviction.messages > 0 || policy_.max_bytes > 0) walks_.push_back(std::move(walk));
    }
    return found.size() == kConversationsAtOnce;
  }

  // What the cap takes beyond that: the oldest next row of all, again and again.
  Result<void> ApplyCap(const Snapshot& snapshot) {
    Connection& cache = snapshot.cache();
    const CacheUse use = ReadCacheUse(cache);
    if (policy_.max_bytes == 0 || use.bytes <= policy_.max_bytes || use.messages == 0) return {};
    const std::uint64_t each = std::max<std::uint64_t>(use.bytes / use.messages, 1);
    const std::uint64_t wanted = (use.bytes - policy_.max_bytes + each - 1) / each;
    std::uint64_t taken = 0;
    using Entry = std::pair<WallTime, std::size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> oldest;
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      taken += walks_[i].eviction.messages;
      if (const auto row = Next(cache, walks_[i])) oldest.emplace(row->created_at, i);
    }
    for (; taken < wanted && !oldest.empty(); ++taken) {
      Walk& walk = walks_[oldest.top().second];
      const std::size_t index = oldest.top().second;
      oldest.pop();
      const auto row = Next(cache, walk);
      Take(walk, *row);
      walk.eviction.before =
          std::max(walk.eviction.before, row->created_at + std::chrono::milliseconds(1));
      if (const auto next = Next(cache, walk)) oldest.emplace(next->created_at, index);
    }
    return {};
  }

  RetentionPlan Finish() {
    RetentionPlan plan;
    for (Walk& walk : walks_) {
      if (walk.eviction.messages == 0) continue;
      plan.messages += walk.eviction.messages;
      plan.bytes += walk.eviction.bytes;
      plan.oldest = std::min(plan.oldest.value_or(walk.eviction.oldest), walk.eviction.oldest);
      plan.evictions.push_back(std::move(walk.eviction));
    }
    for (const auto& [conversation, days] : days_) plan.overrides.push_back({conversation, days});
    return plan;
  }

 private:
  static std::optional<OldRow> Next(Connection& cache, const Walk& walk) {
    auto row = NextOldRow(cache, walk.key, walk.sequence, walk.row);
    if (row && row->sequence >= walk.spared_from) return std::nullopt;
    return row;
  }

  static void Take(Walk& walk, const OldRow& row) {
    if (walk.eviction.messages == 0 || row.created_at < walk.eviction.oldest) {
      walk.eviction.oldest = row.created_at;
    }
    ++walk.eviction.messages;
    walk.eviction.bytes += row.bytes;
    walk.sequence = row.sequence;
    walk.row = row.key;
  }

  const RetentionPolicy& policy_;
  const WallTime now_;
  std::map<ConversationId, std::uint32_t> days_;
  std::set<ConversationId> active_;
  std::multimap<ConversationId, MessageId> pending_;
  std::int64_t after_ = 0;
  std::vector<Walk> walks_;
};

}  // namespace

Result<RetentionPlan> PlanRetention(ReaderPool& readers, const RetentionPolicy& policy,
                                    WallTime now) {
  Planner planner(policy, now);
  const auto begun =
      readers.Run([&planner](const Snapshot& snapshot) { return planner.Begin(snapshot); });
  if (!begun) return tl::unexpected(begun.error());
  for (bool more = true; more;) {
    const auto stepped =
        readers.Run([&planner](const Snapshot& snapshot) { return planner.Step(snapshot); });
    if (!stepped) return tl::unexpected(stepped.error());
    more = *stepped;
  }
  const auto capped =
      readers.Run([&planner](const Snapshot& snapshot) { return planner.ApplyCap(snapshot); });
  if (!capped) return tl::unexpected(capped.error());
  return planner.Finish();
}

}  // namespace hark::store
