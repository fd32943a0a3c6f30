// What makes a first sync fast, and changes nothing of what is stored.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class FirstSyncTest : public StoreFixture {
 protected:
  void SetUp() override { ASSERT_TRUE(store_); }

  void Submit(Batch batch) {
    store_->Apply(std::move(batch), [this](const auto& result) { stored_ += result ? 1 : 0; });
  }
  // Everything submitted so far, as one group.
  void Run(int batches) {
    store_->RunWriter();
    ASSERT_EQ(std::exchange(stored_, 0), batches);
  }

  static ApplyHistory Page(const std::string& conversation, Sequence from, Sequence to) {
    ApplyHistory page{ConversationId(conversation), {}, from, to, from, to};
    for (Sequence sequence = from; sequence <= to; ++sequence)
      page.messages.push_back(TestMessage(conversation, sequence, "some words"));
    return page;
  }
  static ApplySummary Listed(const std::string& conversation, Sequence last) {
    ApplySummary summary = TestSummary(conversation, last);
    summary.gap_reason = GapReason::kNotFetched;
    return summary;
  }

  [[nodiscard]] std::uint64_t Missing() {
    const auto plan = store_->PlanFetches({}, 100);
    return plan ? plan->missing : ~std::uint64_t{0};
  }
  // Added up from the plan itself.
  [[nodiscard]] std::uint64_t Planned() {
    std::uint64_t planned = 0;
    const auto plan = store_->PlanFetches({}, 100);
    if (!plan) return ~std::uint64_t{0};
    for (const FetchItem& item : plan->items) planned += item.to - item.from + 1;
    return planned;
  }

  std::string Ask(const char* sql) {
    Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                     Durability::kFetchable);
    return cache.ReadText(sql);
  }

  SqlcipherStore& store() { return *store_; }

 private:
  std::unique_ptr<SqlcipherStore> store_ = OpenByHand();
  int stored_ = 0;
};

TEST_F(FirstSyncTest, ConversationsLieInTheOrderInWhichTheyAreListed) {
  Submit({{Listed("m", 1), Listed("z", 1), Listed("a", 1)}});
  Submit({{Listed("k", 1)}});
  Run(2);
  EXPECT_EQ(Ask("SELECT group_concat(id, ' ') FROM (SELECT id FROM conversations ORDER BY key)"),
            "m z a k");
}

TEST_F(FirstSyncTest, WhatIsMissingIsCountedOverTheBatchesOfAGroup) {
  Submit({{Listed("a", 10), Listed("b", 5)}});
  Submit({{Page("a", 4, 10)}});
  Run(2);
  EXPECT_EQ(Missing(), 8U);
  EXPECT_EQ(Planned(), 8U);
  Submit({{Page("a", 1, 3), Page("b", 1, 5)}});
  Run(1);
  EXPECT_EQ(Missing(), 0U);
}

TEST_F(FirstSyncTest, WhatIsMissingIsRightWhenAListingBeginsAnewInTheMiddleOfAGroup) {
  Submit({{Listed("a", 10), Listed("b", 5)}});
  Submit({{Page("a", 4, 10)}});
  Submit({{Page("b", 5, 5), BeginReconcile{}, Listed("c", 7)}});
  Submit({{Page("c", 7, 7)}});
  Run(4);
  // All that is here is to be compared again: 10 and 5; of the third one, 6 are missing.
  EXPECT_EQ(Missing(), 21U);
  EXPECT_EQ(Ask("SELECT missing FROM store_info"), Ask("SELECT sum(missing) FROM conversations"));
}

TEST_F(FirstSyncTest, ABatchThatFailsLeavesWhatIsMissingAsItWas) {
  Submit({{Listed("a", 10)}});
  Submit({{Listed("b", 5), Listed("", 5)}});  // A conversation without an id.
  store().RunWriter();
  EXPECT_EQ(Missing(), 10U);
  EXPECT_EQ(Planned(), 10U);
}

// A part of a sync may never come. What is here is found all the same.
TEST_F(FirstSyncTest, WhatWaitsForALargerPieceOfTheIndexIsIndexedWhenNobodyComes) {
  Submit({{Listed("a", 10), ApplyMessage{TestMessage("a", 10, "needle")}}});
  Run(1);
  ASSERT_GT(Missing(), 0U);
  constexpr char kFound[] = "SELECT count(*) FROM search WHERE search MATCH 'needle'";
  ASSERT_EQ(Ask(kFound), "0");
  store().RunIdleWriter();
  EXPECT_EQ(Ask(kFound), "1");
}

TEST_F(FirstSyncTest, SearchIndexIsMergedWhenNobodyWaits) {
  constexpr char kSegments[] = "SELECT count(DISTINCT segid) FROM search_idx";
  for (Sequence sequence = 1; sequence <= 40; ++sequence) {
    Submit({{ApplyMessage{TestMessage("a", sequence, "word" + std::to_string(sequence))}}});
    Run(1);
  }
  ASSERT_EQ(Ask(kSegments), "40") << "whoever writes does not merge";
  int slices = 0;
  while (store().RunIdleWriter() && slices < 1'000) ++slices;
  EXPECT_LT(slices, 1'000);
  EXPECT_LT(std::stoi(Ask(kSegments)), 8);
  EXPECT_EQ(Ask("SELECT count(*) FROM search WHERE search MATCH 'word17'"), "1");
}

}  // namespace
}  // namespace hark::store
