// Tells once for each file that it was found damaged while the store is in use.

#ifndef HARK_DAEMON_STORE_DAMAGE_REPORT_H_
#define HARK_DAEMON_STORE_DAMAGE_REPORT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "daemon/base/clock.h"

namespace hark::store {

enum class File : std::uint8_t { kCache, kAuthored };

// Thread-safe.
class DamageReport {
 public:
  // Called on the thread that saw it, in the middle of a call: must not block nor call the store.
  using OnDamage = std::function<void(File)>;

  // `clock` outlives it.
  DamageReport(OnDamage on_damage, const Clock& clock)
      : on_damage_(std::move(on_damage)), clock_(clock) {}

  // The file was mended or replaced: damage of it is news again.
  void Settle(File file) { silent_until_[static_cast<std::size_t>(file)] = Clock::Instant::min(); }
  // It could not be mended: it is news again from then on.
  void SettleAt(File file, Clock::Instant at) {
    silent_until_[static_cast<std::size_t>(file)] = at;
  }

  [[nodiscard]] bool IsReported(File file) const {
    return IsSilent(silent_until_[static_cast<std::size_t>(file)]);
  }

  void Report(File file) {
    auto& until = silent_until_[static_cast<std::size_t>(file)];
    Clock::Instant before = until;
    if (IsSilent(before) || !until.compare_exchange_strong(before, Clock::Instant::max())) return;
    if (on_damage_) on_damage_(file);
  }

 private:
  // The time is not looked at while there is nothing to wait for.
  [[nodiscard]] bool IsSilent(Clock::Instant until) const {
    if (until == Clock::Instant::min() || until == Clock::Instant::max())
      return until == Clock::Instant::max();
    return clock_.Now() < until;
  }

  const OnDamage on_damage_;
  const Clock& clock_;
  std::array<std::atomic<Clock::Instant>, 2> silent_until_ = {Clock::Instant::min(),
                                                              Clock::Instant::min()};
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_DAMAGE_REPORT_H_
