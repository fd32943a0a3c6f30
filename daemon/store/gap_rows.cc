#include "daemon/store/gap_rows.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

namespace hark::store {
namespace {

constexpr char kLoad[] =
    "SELECT from_sequence, to_sequence, reason FROM gaps WHERE conversation = ? ORDER BY "
    "to_sequence";
constexpr char kInsert[] =
    "INSERT INTO gaps (conversation, from_sequence, to_sequence, reason) VALUES (?, ?, ?, ?)";
constexpr char kDelete[] = "DELETE FROM gaps WHERE conversation = ? AND to_sequence = ?";
constexpr char kFindBelow[] =
    "SELECT from_sequence, to_sequence, reason FROM gaps WHERE conversation = ? AND to_sequence < ?"
    " ORDER BY to_sequence DESC LIMIT 1";
constexpr char kFindAbove[] =
    "SELECT from_sequence, to_sequence, reason FROM gaps WHERE conversation = ? AND to_sequence > ?"
    " ORDER BY to_sequence LIMIT 1";
constexpr char kCount[] = "SELECT count(*) FROM gaps";

GapRange ReadRange(const Query& query) {
  return {query.GetUint(0), query.GetUint(1), static_cast<GapReason>(query.GetInt(2))};
}

// The ranges of `set` that `other` has not.
std::vector<GapRange> Without(const GapSet& set, const GapSet& other) {
  const auto rises = [](const GapRange& a, const GapRange& b) {
    return std::tie(a.from, a.to, a.reason) < std::tie(b.from, b.to, b.reason);
  };
  std::vector<GapRange> left;
  std::set_difference(set.ranges().begin(), set.ranges().end(), other.ranges().begin(),
                      other.ranges().end(), std::back_inserter(left), rises);
  return left;
}

}  // namespace

GapSet LoadGaps(Connection& cache, std::int64_t conversation) {
  Query query(cache.statements(), kLoad);
  query.Int(conversation);
  std::vector<GapRange> ranges;
  while (query.Next()) ranges.push_back(ReadRange(query));
  return GapSet(std::move(ranges));
}

void SaveGaps(Connection& cache, std::int64_t conversation, const GapSet& before,
              const GapSet& after) {
  for (const GapRange& range : Without(before, after))
    Query(cache.statements(), kDelete).Int(conversation).Uint(range.to).Run();
  for (const GapRange& range : Without(after, before)) {
    Query query(cache.statements(), kInsert);
    query.Int(conversation)
        .Uint(range.from)
        .Uint(range.to)
        .Int(static_cast<std::int64_t>(range.reason))
        .Run();
  }
}

std::optional<GapRange> FindGapBelow(Connection& cache, std::int64_t conversation,
                                     Sequence sequence) {
  Query query(cache.statements(), kFindBelow);
  query.Int(conversation).Uint(sequence);
  if (!query.Next()) return std::nullopt;
  return ReadRange(query);
}

std::optional<GapRange> FindGapAbove(Connection& cache, std::int64_t conversation,
                                     Sequence sequence) {
  Query query(cache.statements(), kFindAbove);
  query.Int(conversation).Uint(sequence);
  if (!query.Next()) return std::nullopt;
  return ReadRange(query);
}

std::uint64_t CountGaps(Connection& cache) {
  return static_cast<std::uint64_t>(cache.ReadInt(kCount));
}

}  // namespace hark::store
