// Arithmetic of what is missing in one conversation. Pure.

#ifndef HARK_DAEMON_STORE_GAP_MATH_H_
#define HARK_DAEMON_STORE_GAP_MATH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"

namespace hark::store {

// The largest sequence that is stored: what JSON numbers hold, and far from the end of SQLite's
// integers, so that sums of hostile values stay exact.
inline constexpr Sequence kMaxSequence = (Sequence{1} << 53) - 1;
// Revisions are only compared: a backend may make them of its clock.
inline constexpr std::uint64_t kMaxRevision = (std::uint64_t{1} << 63) - 1;

// Both ends included, from >= 1.
struct GapRange {
  Sequence from = 0;
  Sequence to = 0;
  GapReason reason = GapReason::kNotFetched;

  [[nodiscard]] std::uint64_t size() const { return to - from + 1; }
  friend bool operator==(const GapRange&, const GapRange&) = default;
};

struct SequenceRange {
  Sequence from = 0;
  Sequence to = 0;

  [[nodiscard]] std::uint64_t size() const { return to - from + 1; }
  friend bool operator==(const SequenceRange&, const SequenceRange&) = default;
};

// The gaps of one conversation: disjoint, rising; neighbours of one reason are one gap. A backend
// may make thousands of them with one frame: each change costs a search, and moves what is above.
class GapSet {
 public:
  GapSet() = default;
  // `ranges`: disjoint and rising, as ranges() gave them.
  explicit GapSet(std::vector<GapRange> ranges) : ranges_(std::move(ranges)) {}

  [[nodiscard]] const std::vector<GapRange>& ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  // Makes [from, to] missing. What already is keeps its reason. Nothing if from > to.
  void Add(Sequence from, Sequence to, GapReason reason);

  // [from, to] is missing no more.
  void Remove(Sequence from, Sequence to);

  // Gives every gap of `old_reason` in [from, to] the new one.
  void ChangeReason(Sequence from, Sequence to, GapReason old_reason, GapReason new_reason);

  // Whether anything in [from, to] is missing.
  [[nodiscard]] bool Intersects(Sequence from, Sequence to) const {
    return FirstIn(from, to).has_value();
  }

  // The lowest number in [from, to] that is missing.
  [[nodiscard]] std::optional<Sequence> FirstIn(Sequence from, Sequence to) const;

  // The highest gap that ends below `sequence`.
  [[nodiscard]] std::optional<GapRange> LastBelow(Sequence sequence) const;

  // Messages missing for `reason`.
  [[nodiscard]] std::uint64_t CountOf(GapReason reason) const;

  // The stretches of [1, to] that are not missing, highest first.
  [[nodiscard]] std::vector<SequenceRange> PresentUpTo(Sequence to) const;

  friend bool operator==(const GapSet&, const GapSet&) = default;

 private:
  using Ranges = std::vector<GapRange>;

  void Replace(Ranges::iterator first, Ranges::iterator last, const Ranges& pieces);

  Ranges ranges_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_GAP_MATH_H_
