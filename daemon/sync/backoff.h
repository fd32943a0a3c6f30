// How long to wait before the next attempt: exponential backoff with full jitter, so that a
// thousand daemons whose backend comes back do not knock together.

#ifndef HARK_DAEMON_SYNC_BACKOFF_H_
#define HARK_DAEMON_SYNC_BACKOFF_H_

#include <chrono>
#include <cstdint>
#include <random>

namespace hark::sync {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  // `seed` makes the jitter reproducible.
  Backoff(Duration first, Duration cap, std::uint64_t seed)
      : first_(first), cap_(cap), random_(seed) {}

  // Uniform in [0, ceiling), where the ceiling doubles with each call since Reset(), up to the cap.
  // The ceiling is not under `window`. Never under `at_least`, which is what the backend asked for;
  // the jitter is then added on top.
  [[nodiscard]] Duration Next(Duration at_least = Duration{0}, Duration window = Duration{0});

  void Reset() { attempts_ = 0; }
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  Duration first_;
  Duration cap_;
  std::mt19937_64 random_;
  int attempts_ = 0;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_BACKOFF_H_
