// Batches that build on each other: a cursor is never stored over a hole.

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

// An id that no store takes.
ApplySummary Unusable() {
  ApplySummary summary;
  summary.summary.id = ConversationId(std::string(limits::kIdBytes + 1, 'x'));
  return summary;
}

TEST_P(StoreContract, AfterAFailureTheRestOfTheSeriesIsRefused) {
  ASSERT_TRUE(Apply({SetCursor{{"epoch", 1}}}, 7));
  EXPECT_FALSE(Apply({Unusable(), SetCursor{{"epoch", 2}}}, 7));
  const auto later = Apply({SetCursor{{"epoch", 3}}}, 7);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(reader().ReadSyncState()->cursor, (SyncCursor{"epoch", 1}));
}

TEST_P(StoreContract, TheRestOfAFailedSeriesIsRefusedAlsoWhenItWaitsAlready) {
  constexpr int kBatches = 200;
  std::vector<std::future<ErrorCode>> answers;
  for (int i = 0; i < kBatches; ++i) {
    auto answer = std::make_shared<std::promise<ErrorCode>>();
    answers.push_back(answer->get_future());
    Batch batch{{SetCursor{{"epoch", static_cast<std::uint64_t>(i)}}}, 3};
    if (i == kBatches / 2) batch.operations.insert(batch.operations.begin(), Unusable());
    writer().Apply(std::move(batch), [answer](Result<LocalRevision> result) {
      answer->set_value(result ? ErrorCode::kInternal : result.error().code);
    });
  }
  for (int i = 0; i < kBatches; ++i) {
    const ErrorCode expected = i < kBatches / 2    ? ErrorCode::kInternal  // it succeeded
                               : i == kBatches / 2 ? ErrorCode::kInvalidArgument
                                                   : ErrorCode::kCancelled;
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get(), expected) << i;
  }
  EXPECT_EQ(reader().ReadSyncState()->cursor, (SyncCursor{"epoch", kBatches / 2 - 1}));
}

TEST_P(StoreContract, AHigherSeriesAndNoSeriesStartAfresh) {
  EXPECT_FALSE(Apply({Unusable()}, 7));
  EXPECT_FALSE(Apply({Unusable()}));
  EXPECT_TRUE(Apply({SetCursor{{"epoch", 4}}}));
  EXPECT_TRUE(Apply({SetCursor{{"epoch", 5}}}, 8));
}

}  // namespace
}  // namespace hark::store
