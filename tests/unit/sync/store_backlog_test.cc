#include "daemon/sync/store_backlog.h"

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

TEST(StoreBacklog, ManyBatchesAreTooMuchUntilHalfOfThemAreStored) {
  StoreBacklog backlog;
  for (std::size_t i = 1; i < limits::kBatchesBehind; ++i) backlog.Add(1);
  EXPECT_FALSE(backlog.IsTooMuch());
  backlog.Add(1);
  EXPECT_TRUE(backlog.IsTooMuch());
  for (std::size_t i = limits::kBatchesBehind; i > limits::kBatchesBehind / 2 + 1; --i)
    backlog.Remove(1);
  EXPECT_TRUE(backlog.IsTooMuch());
  backlog.Remove(1);
  EXPECT_FALSE(backlog.IsTooMuch());
}

TEST(StoreBacklog, AFewLargeBatchesAreTooMuchAsWell) {
  StoreBacklog backlog;
  constexpr std::size_t kThird = limits::kBytesBehind / 3 + 1;
  backlog.Add(kThird);
  backlog.Add(kThird);
  EXPECT_FALSE(backlog.IsTooMuch());
  backlog.Add(kThird);
  EXPECT_TRUE(backlog.IsTooMuch());
  backlog.Remove(kThird);
  EXPECT_TRUE(backlog.IsTooMuch());
  backlog.Remove(kThird);
  EXPECT_FALSE(backlog.IsTooMuch());
}

// Fewer than what the store keeps places for: none of them is refused (limits::kWriterReserve).
static_assert(limits::kHistoryWaiting < limits::kBatchesBehind);
static_assert(limits::kBatchesBehind < limits::kWriterReserve);

}  // namespace
}  // namespace hark::sync
