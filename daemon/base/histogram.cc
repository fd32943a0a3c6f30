#include "daemon/base/histogram.h"

#include <algorithm>
#include <bit>

namespace hark {

void Histogram::Record(std::chrono::microseconds duration) {
  const std::uint64_t value =
      duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
  buckets_[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

Histogram::Summary Histogram::Summarise() const {
  std::array<std::uint64_t, kBuckets> counts;
  Summary summary;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts[i] = buckets_[i].load(std::memory_order_relaxed);
    summary.count += counts[i];
  }
  const std::uint64_t max = max_.load(std::memory_order_relaxed);
  const auto percentile = [&](std::uint64_t percent) {
    // The smallest value that at least `percent` of all are not above.
    const std::uint64_t rank = (summary.count * percent + 99) / 100;
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      passed += counts[i];
      if (passed >= rank && passed > 0) {
        return std::chrono::microseconds(std::min(MiddleOf(i), max));
      }
    }
    return std::chrono::microseconds(0);
  };
  summary.p50 = percentile(50);
  summary.p95 = percentile(95);
  summary.p99 = percentile(99);
  summary.max = std::chrono::microseconds(max);
  return summary;
}

std::size_t Histogram::BucketOf(std::uint64_t value) {
  if (value < kPerOctave) return static_cast<std::size_t>(value);
  // The octave counts from the first one whose buckets are wider than 1; the bits below the top one
  // choose in it.
  const unsigned octave = static_cast<unsigned>(std::bit_width(value)) - kBitsPerOctave - 1;
  const std::size_t within = static_cast<std::size_t>(value >> octave) - kPerOctave;
  return std::min(kPerOctave * (octave + 1) + within, kBuckets - 1);
}

std::uint64_t Histogram::MiddleOf(std::size_t bucket) {
  if (bucket < kPerOctave) return bucket;
  const std::size_t octave = bucket / kPerOctave - 1;
  const std::uint64_t low = static_cast<std::uint64_t>(kPerOctave + bucket % kPerOctave) << octave;
  return low + ((std::uint64_t{1} << octave) >> 1);
}

}  // namespace hark
