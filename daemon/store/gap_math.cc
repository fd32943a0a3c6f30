#include "daemon/store/gap_math.h"

#include <algorithm>

namespace hark::store {

void GapSet::Add(Sequence from, Sequence to, GapReason reason) {
  if (from > to) return;
  std::vector<GapRange> added;
  Sequence next = from;
  for (const GapRange& range : ranges_) {
    if (range.to < next) continue;
    if (range.from > to) break;
    if (range.from > next) added.push_back({next, range.from - 1, reason});
    next = range.to + 1;
  }
  if (next <= to) added.push_back({next, to, reason});
  if (added.empty()) return;
  ranges_.insert(ranges_.end(), added.begin(), added.end());
  Join();
}

void GapSet::Remove(Sequence from, Sequence to) {
  if (from > to || !Intersects(from, to)) return;
  std::vector<GapRange> kept;
  kept.reserve(ranges_.size() + 1);
  for (const GapRange& range : ranges_) {
    if (range.to < from || range.from > to) {
      kept.push_back(range);
      continue;
    }
    if (range.from < from) kept.push_back({range.from, from - 1, range.reason});
    if (range.to > to) kept.push_back({to + 1, range.to, range.reason});
  }
  ranges_ = std::move(kept);
}

void GapSet::ChangeReason(Sequence from, Sequence to, GapReason old_reason, GapReason new_reason) {
  std::vector<GapRange> changed;
  for (const GapRange& range : ranges_) {
    if (range.reason != old_reason || range.to < from || range.from > to) continue;
    changed.push_back({std::max(range.from, from), std::min(range.to, to), new_reason});
  }
  for (const GapRange& range : changed) {
    Remove(range.from, range.to);
    Add(range.from, range.to, range.reason);
  }
}

bool GapSet::Intersects(Sequence from, Sequence to) const {
  const auto first = std::lower_bound(
      ranges_.begin(), ranges_.end(), from,
      [](const GapRange& range, Sequence sequence) { return range.to < sequence; });
  return first != ranges_.end() && first->from <= to;
}

std::optional<GapRange> GapSet::LastBelow(Sequence sequence) const {
  const auto first =
      std::lower_bound(ranges_.begin(), ranges_.end(), sequence,
                       [](const GapRange& range, Sequence bound) { return range.to < bound; });
  if (first == ranges_.begin()) return std::nullopt;
  return *std::prev(first);
}

std::uint64_t GapSet::CountOf(GapReason reason) const {
  std::uint64_t count = 0;
  for (const GapRange& range : ranges_) {
    if (range.reason == reason) count += range.size();
  }
  return count;
}

std::vector<SequenceRange> GapSet::PresentUpTo(Sequence to) const {
  std::vector<SequenceRange> present;
  Sequence top = to;
  for (auto range = ranges_.rbegin(); range != ranges_.rend() && top > 0; ++range) {
    if (range->from > top) continue;
    if (range->to < top) present.push_back({range->to + 1, top});
    top = range->from - 1;
  }
  if (top > 0) present.push_back({1, top});
  return present;
}

void GapSet::Join() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const GapRange& a, const GapRange& b) { return a.from < b.from; });
  std::vector<GapRange> joined;
  joined.reserve(ranges_.size());
  for (const GapRange& range : ranges_) {
    if (!joined.empty() && joined.back().reason == range.reason &&
        joined.back().to + 1 == range.from) {
      joined.back().to = range.to;
    } else {
      joined.push_back(range);
    }
  }
  ranges_ = std::move(joined);
}

}  // namespace hark::store
