#include "daemon/base/histogram.h"

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace hark {
namespace {

using std::chrono::microseconds;

TEST(HistogramTest, EmptyIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.Summarise().count, 0U);
  EXPECT_EQ(histogram.Summarise().p99.count(), 0);
}

TEST(HistogramTest, PercentilesAreWithinTenPercentAtAnyMagnitude) {
  for (std::int64_t unit = 1; unit <= 1'000'000'000; unit *= 7) {
    Histogram histogram;
    for (std::int64_t i = 1; i <= 1'000; ++i) histogram.Record(microseconds(i * unit));
    const Histogram::Summary summary = histogram.Summarise();
    EXPECT_EQ(summary.count, 1'000U);
    const auto within = [unit](microseconds got, std::int64_t want) {
      const auto true_value = static_cast<double>(want * unit);
      EXPECT_NEAR(static_cast<double>(got.count()), true_value, true_value * 0.1 + 0.5);
    };
    within(summary.p50, 500);
    within(summary.p95, 950);
    within(summary.p99, 990);
    EXPECT_EQ(summary.max.count(), 1'000 * unit);
  }
}

TEST(HistogramTest, NegativeAndEnormousDurationsAreKept) {
  Histogram histogram;
  histogram.Record(microseconds(-5));
  histogram.Record(microseconds::max());
  EXPECT_EQ(histogram.Summarise().count, 2U);
  EXPECT_EQ(histogram.Summarise().p50.count(), 0);
  EXPECT_EQ(histogram.Summarise().max, microseconds::max());
}

TEST(HistogramTest, NoneIsLostBetweenThreads) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&histogram] {
      for (int i = 0; i < 10'000; ++i) histogram.Record(microseconds(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.Summarise().count, 40'000U);
}

}  // namespace
}  // namespace hark
