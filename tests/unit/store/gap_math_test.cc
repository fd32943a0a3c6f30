#include "daemon/store/gap_math.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kNotFetched = GapReason::kNotFetched;
constexpr auto kLimited = GapReason::kLimited;
constexpr auto kEvicted = GapReason::kEvicted;

TEST(GapSetTest, NeighboursOfOneReasonAreOneGap) {
  GapSet gaps;
  gaps.Add(1, 3, kLimited);
  gaps.Add(7, 9, kLimited);
  gaps.Add(4, 6, kLimited);
  EXPECT_THAT(gaps.ranges(), ElementsAre(GapRange{1, 9, kLimited}));
}

TEST(GapSetTest, WhatIsMissingKeepsItsReason) {
  GapSet gaps;
  gaps.Add(4, 6, kEvicted);
  gaps.Add(1, 9, kNotFetched);
  EXPECT_THAT(gaps.ranges(), ElementsAre(GapRange{1, 3, kNotFetched}, GapRange{4, 6, kEvicted},
                                         GapRange{7, 9, kNotFetched}));
}

TEST(GapSetTest, RemovingFromTheMiddleSplits) {
  GapSet gaps;
  gaps.Add(1, 9, kLimited);
  gaps.Remove(4, 5);
  EXPECT_THAT(gaps.ranges(), ElementsAre(GapRange{1, 3, kLimited}, GapRange{6, 9, kLimited}));
  gaps.Remove(1, 9);
  EXPECT_THAT(gaps.ranges(), IsEmpty());
}

TEST(GapSetTest, ChangingTheReasonJoins) {
  GapSet gaps;
  gaps.Add(1, 3, kNotFetched);
  gaps.Add(4, 6, kLimited);
  gaps.Add(9, 12, kLimited);
  gaps.ChangeReason(1, 10, kLimited, kNotFetched);
  EXPECT_THAT(gaps.ranges(), ElementsAre(GapRange{1, 6, kNotFetched}, GapRange{9, 10, kNotFetched},
                                         GapRange{11, 12, kLimited}));
}

TEST(GapSetTest, TheLowestMissingNumberOfARange) {
  GapSet gaps;
  gaps.Add(5, 8, kLimited);
  gaps.Add(12, 12, kEvicted);
  EXPECT_EQ(gaps.FirstIn(1, 20), 5U);
  EXPECT_EQ(gaps.FirstIn(7, 20), 7U);
  EXPECT_EQ(gaps.FirstIn(9, 12), 12U);
  EXPECT_EQ(gaps.FirstIn(9, 11), std::nullopt);
  EXPECT_EQ(gaps.FirstIn(13, 20), std::nullopt);
}

TEST(GapSetTest, EmptyRangesDoNothing) {
  GapSet gaps;
  gaps.Add(5, 4, kLimited);
  EXPECT_TRUE(gaps.empty());
  gaps.Add(1, 2, kLimited);
  gaps.Remove(5, 4);
  EXPECT_THAT(gaps.ranges(), ElementsAre(GapRange{1, 2, kLimited}));
}

TEST(GapSetTest, TheLargestSequencesAreExact) {
  GapSet gaps;
  gaps.Add(1, kMaxSequence, kNotFetched);
  gaps.Remove(kMaxSequence, kMaxSequence);
  EXPECT_EQ(gaps.CountOf(kNotFetched), kMaxSequence - 1);
  EXPECT_THAT(gaps.PresentUpTo(kMaxSequence),
              ElementsAre(SequenceRange{kMaxSequence, kMaxSequence}));
}

// The same operations on a plain map from sequence to reason.
class NaiveGaps {
 public:
  void Add(Sequence from, Sequence to, GapReason reason) {
    for (Sequence i = from; i <= to; ++i) missing_.try_emplace(i, reason);
  }
  void Remove(Sequence from, Sequence to) {
    for (Sequence i = from; i <= to; ++i) missing_.erase(i);
  }
  void ChangeReason(Sequence from, Sequence to, GapReason old_reason, GapReason new_reason) {
    for (auto& [sequence, reason] : missing_) {
      if (sequence >= from && sequence <= to && reason == old_reason) reason = new_reason;
    }
  }
  [[nodiscard]] std::vector<GapRange> Ranges() const {
    std::vector<GapRange> ranges;
    for (const auto& [sequence, reason] : missing_) {
      if (!ranges.empty() && ranges.back().to + 1 == sequence && ranges.back().reason == reason) {
        ranges.back().to = sequence;
      } else {
        ranges.push_back({sequence, sequence, reason});
      }
    }
    return ranges;
  }
  [[nodiscard]] bool Has(Sequence sequence) const { return missing_.contains(sequence); }

 private:
  std::map<Sequence, GapReason> missing_;
};

TEST(GapSetTest, RandomOperationsMatchAPlainSet) {
  constexpr Sequence kMost = 60;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto pick = [&random] { return static_cast<Sequence>(1 + random() % kMost); };
    const auto reason = [&random] { return static_cast<GapReason>(1 + random() % 3); };
    GapSet gaps;
    NaiveGaps naive;
    for (int step = 0; step < 100; ++step) {
      Sequence from = pick();
      Sequence to = pick();
      if (from > to) std::swap(from, to);
      switch (random() % 3) {
        case 0: {
          const GapReason why = reason();
          gaps.Add(from, to, why);
          naive.Add(from, to, why);
          break;
        }
        case 1:
          gaps.Remove(from, to);
          naive.Remove(from, to);
          break;
        default: {
          const GapReason before = reason();
          const GapReason after = reason();
          gaps.ChangeReason(from, to, before, after);
          naive.ChangeReason(from, to, before, after);
          break;
        }
      }
      ASSERT_EQ(gaps.ranges(), naive.Ranges()) << "step " << step;
      bool intersects = false;
      for (Sequence i = from; i <= to; ++i) intersects = intersects || naive.Has(i);
      ASSERT_EQ(gaps.Intersects(from, to), intersects);
      std::optional<GapRange> below;
      for (const GapRange& range : naive.Ranges()) {
        if (range.to < from) below = range;
      }
      ASSERT_EQ(gaps.LastBelow(from), below);
      Sequence next = to;
      for (const SequenceRange& range : gaps.PresentUpTo(to)) {
        for (; next > range.to; --next) ASSERT_TRUE(naive.Has(next));
        for (; next >= range.from && next > 0; --next) ASSERT_FALSE(naive.Has(next));
      }
      for (; next > 0; --next) ASSERT_TRUE(naive.Has(next));
    }
  }
}

}  // namespace
}  // namespace hark::store
