#include "daemon/store/free_pages.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

constexpr char kFree[] = "PRAGMA freelist_count";
constexpr char kPages[] = "PRAGMA page_count";

class FreePagesTest : public StoreFixture {
 protected:
  void SetUp() override { ASSERT_TRUE(store_); }

  // Of a page each.
  void Fill(Sequence count) {
    Batch batch;
    for (Sequence sequence = 1; sequence <= count; ++sequence)
      batch.operations.emplace_back(
          ApplyMessage{TestMessage("c", sequence, std::string(3'000, 'x'))});
    bool stored = false;
    store_->Apply(std::move(batch), [&](const auto& result) { stored = result.has_value(); });
    store_->RunWriter();
    ASSERT_TRUE(stored);
  }

  void RemoveUpTo(std::uint64_t count) {
    const WallTime now = SystemClock().WallNow();
    for (std::uint64_t removed = 0; removed < count;) {
      std::uint64_t more = 0;
      store_->Evict({{ConversationId("c"), now, WallTime{}, 0, 0}}, [&](const auto& result) {
        if (result) more = result->messages;
      });
      store_->RunWriter();
      ASSERT_GT(more, 0U);
      removed += more;
    }
  }

  std::int64_t Ask(const char* pragma) {
    Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                     Durability::kFetchable);
    return cache.ReadInt(pragma);
  }

  SqlcipherStore& store() { return *store_; }

 private:
  std::unique_ptr<SqlcipherStore> store_ = OpenByHand();
};

TEST_F(FreePagesTest, WhatWasRemovedGoesBackInSlicesWhenNobodyWaits) {
  Fill(400);
  RemoveUpTo(300);
  const std::int64_t before = Ask(kPages);
  ASSERT_GT(Ask(kFree), 3 * kReleasedPages);

  std::int64_t last = before;
  int slices = 0;
  for (; store().RunIdleWriter() && slices < 1'000; ++slices) {
    const std::int64_t now = Ask(kPages);
    EXPECT_LE(last - now, kReleasedPages + 8) << "a slice is all that anybody waits for";
    last = now;
  }
  EXPECT_GT(slices, 3);
  EXPECT_LT(Ask(kFree), kReleasedPages);
  EXPECT_LT(Ask(kPages), before - 3 * kReleasedPages);
}

TEST_F(FreePagesTest, AFewAreKeptForWhatComesNext) {
  Fill(400);
  RemoveUpTo(32);
  const std::int64_t before = Ask(kPages);
  ASSERT_GT(Ask(kFree), 0);
  EXPECT_FALSE(store().RunIdleWriter());
  EXPECT_EQ(Ask(kPages), before);
}

}  // namespace
}  // namespace hark::store
