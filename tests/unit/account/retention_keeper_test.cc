#include "daemon/account/retention_keeper.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::account {
namespace {

using store::Batch;
using store::Connection;
using store::SqlcipherStore;

constexpr Sequence kMessages = 20'000;

// The real store, which is told what is too old.
class Planned final : public store::RetentionStore {
 public:
  Planned(SqlcipherStore& store, RetentionPlan plan) : store_(store), plan_(std::move(plan)) {}

  Result<RetentionPlan> PlanRetention(const RetentionPolicy& /*policy*/) override { return plan_; }
  void Evict(std::vector<Eviction> evictions, Done<store::Evicted> done) override {
    store_.Evict(std::move(evictions), std::move(done));
  }
  void Tidy(store::Tidying what, Done<bool> done) override { store_.Tidy(what, std::move(done)); }
  void SetRetention(ConversationId conversation, std::optional<std::uint32_t> days,
                    Done<LocalRevision> done) override {
    store_.SetRetention(std::move(conversation), days, std::move(done));
  }

 private:
  SqlcipherStore& store_;
  RetentionPlan plan_;
};

class RetentionKeeperTest : public store::StoreFixture {
 protected:
  static WallTime At(Sequence sequence) {
    return WallTime(std::chrono::minutes(static_cast<std::int64_t>(sequence)));
  }

  void Fill() {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence i = 1; i <= kMessages; ++i) {
      Message message = store::TestMessage("a", i, "word" + std::to_string(i) + " and some more");
      message.created_at = At(i);
      batch.operations.emplace_back(store::ApplyMessage{std::move(message)});
    }
    ASSERT_TRUE(store::ApplyNow(*store, std::move(batch)));
  }

  // Evicts the oldest `messages`.
  std::uint64_t Evict(Sequence messages) {
    const auto store = Open(folder());
    RetentionPlan plan;
    plan.evictions = {{ConversationId("a"), At(messages + 1), WallTime{}, messages, 0}};
    Planned planned(*store, std::move(plan));
    RetentionKeeper keeper(*store, planned, {});
    const auto outcome =
        store::WaitFor<RetentionOutcome>([&](auto done) { keeper.Run(std::move(done)); });
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? outcome->messages : 0;
  }

  std::int64_t CountSegments() {
    Connection cache(cache_file(), Secret(std::string(store::kCacheKey)), store::Access::kRead,
                     store::Durability::kFetchable);
    return cache.ReadInt("SELECT count(DISTINCT segid) FROM search_idx");
  }
};

// Compacting writes a page of each piece in each of its slices, and a write that finds 512 of them
// merges them all: whoever writes meanwhile waits for that.
TEST_F(RetentionKeeperTest, LeavesTheSearchIndexInFewPieces) {
  Fill();
  // Less than what makes it compact the index, in more than fifty slices.
  EXPECT_EQ(Evict(900), 900U);
  EXPECT_LE(CountSegments(), 16);
}

TEST_F(RetentionKeeperTest, RewritesTheSearchIndexOnceManyAreGone) {
  Fill();
  EXPECT_EQ(Evict(2'000), 2'000U);
  EXPECT_EQ(CountSegments(), 1);
}

}  // namespace
}  // namespace hark::account
