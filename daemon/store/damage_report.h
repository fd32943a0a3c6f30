// Tells once for each file that it was found damaged while the store is in use.

#ifndef HARK_DAEMON_STORE_DAMAGE_REPORT_H_
#define HARK_DAEMON_STORE_DAMAGE_REPORT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace hark::store {

enum class File : std::uint8_t { kCache, kAuthored };

// Thread-safe.
class DamageReport {
 public:
  // Called on the thread that saw it, in the middle of a call: must not block nor call the store.
  using OnDamage = std::function<void(File)>;

  explicit DamageReport(OnDamage on_damage) : on_damage_(std::move(on_damage)) {}

  // The file was mended or replaced: damage of it is news again.
  void Settle(File file) { reported_[static_cast<std::size_t>(file)] = false; }

  [[nodiscard]] bool IsReported(File file) const {
    return reported_[static_cast<std::size_t>(file)];
  }

  void Report(File file) {
    if (!reported_[static_cast<std::size_t>(file)].exchange(true) && on_damage_) on_damage_(file);
  }

 private:
  const OnDamage on_damage_;
  std::array<std::atomic<bool>, 2> reported_ = {};
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_DAMAGE_REPORT_H_
