// Distributions of durations, cheap enough to record on every page: fixed buckets whose width grows
// with their value, so that a percentile is within 10 % of the true one at any magnitude.

#ifndef HARK_DAEMON_BASE_HISTOGRAM_H_
#define HARK_DAEMON_BASE_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hark {

// Thread-safe and lock-free. A Summary taken while others record is of some state in between.
class Histogram {
 public:
  struct Summary {
    std::uint64_t count = 0;
    std::chrono::microseconds p50{};
    std::chrono::microseconds p95{};
    std::chrono::microseconds p99{};
    std::chrono::microseconds max{};
  };

  // Negative durations (two clocks that disagree) count as zero.
  void Record(std::chrono::microseconds duration);

  [[nodiscard]] Summary Summarise() const;

 private:
  // 8 buckets for each power of two: half a bucket's width is at most 1/16 of its value.
  static constexpr unsigned kBitsPerOctave = 3;
  static constexpr std::size_t kPerOctave = 1U << kBitsPerOctave;
  // Up to 2^40 µs, 12 days; longer ones count in the last bucket.
  static constexpr unsigned kOctaves = 40 - kBitsPerOctave;
  static constexpr std::size_t kBuckets = kPerOctave * (kOctaves + 1);

  [[nodiscard]] static std::size_t BucketOf(std::uint64_t value);
  [[nodiscard]] static std::uint64_t MiddleOf(std::size_t bucket);

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> max_{0};
};

// Measures from its construction. Not of Clock, whose milliseconds are longer than most of what is
// measured here; nothing is ever decided by it.
class Stopwatch {
 public:
  [[nodiscard]] std::chrono::microseconds Elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_HISTOGRAM_H_
