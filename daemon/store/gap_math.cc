#include "daemon/store/gap_math.h"

#include <algorithm>

namespace hark::store {
namespace {

// The first that ends at `sequence` or above.
template <typename Ranges>
auto FirstTo(Ranges& ranges, Sequence sequence) {
  return std::lower_bound(ranges.begin(), ranges.end(), sequence,
                          [](const GapRange& range, Sequence bound) { return range.to < bound; });
}

// Behind the others, or as a part of the last one.
void Append(std::vector<GapRange>& ranges, const GapRange& range) {
  if (!ranges.empty() && ranges.back().reason == range.reason &&
      ranges.back().to + 1 == range.from) {
    ranges.back().to = range.to;
  } else {
    ranges.push_back(range);
  }
}

}  // namespace

void GapSet::Add(Sequence from, Sequence to, GapReason reason) {
  if (from > to) return;
  // With the neighbours, which may become one with it.
  const auto first = FirstTo(ranges_, from - 1);
  auto last = first;
  std::vector<GapRange> pieces;
  Sequence next = from;
  for (; last != ranges_.end() && last->from <= to + 1; ++last) {
    if (last->from > next) Append(pieces, {next, last->from - 1, reason});
    Append(pieces, *last);
    next = std::max(next, last->to + 1);
  }
  if (next <= to) Append(pieces, {next, to, reason});
  Replace(first, last, pieces);
}

void GapSet::Remove(Sequence from, Sequence to) {
  if (from > to) return;
  const auto first = FirstTo(ranges_, from);
  auto last = first;
  std::vector<GapRange> pieces;
  for (; last != ranges_.end() && last->from <= to; ++last) {
    if (last->from < from) pieces.push_back({last->from, from - 1, last->reason});
    if (last->to > to) pieces.push_back({to + 1, last->to, last->reason});
  }
  Replace(first, last, pieces);
}

void GapSet::Replace(Ranges::iterator first, Ranges::iterator last, const Ranges& pieces) {
  const auto at = ranges_.erase(first, last);
  ranges_.insert(at, pieces.begin(), pieces.end());
}

void GapSet::ChangeReason(Sequence from, Sequence to, GapReason old_reason, GapReason new_reason) {
  const auto changes = [&](const GapRange& range) {
    return range.reason == old_reason && range.to >= from && range.from <= to;
  };
  if (std::none_of(ranges_.begin(), ranges_.end(), changes)) return;
  Ranges changed;
  changed.reserve(ranges_.size() + 2);
  for (const GapRange& range : ranges_) {
    if (!changes(range)) {
      Append(changed, range);
      continue;
    }
    if (range.from < from) Append(changed, {range.from, from - 1, old_reason});
    Append(changed, {std::max(range.from, from), std::min(range.to, to), new_reason});
    if (range.to > to) Append(changed, {to + 1, range.to, old_reason});
  }
  ranges_ = std::move(changed);
}

std::optional<Sequence> GapSet::FirstIn(Sequence from, Sequence to) const {
  const auto first = FirstTo(ranges_, from);
  if (first == ranges_.end() || first->from > to) return std::nullopt;
  return std::max(first->from, from);
}

std::optional<GapRange> GapSet::LastBelow(Sequence sequence) const {
  const auto first = FirstTo(ranges_, sequence);
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

}  // namespace hark::store
