// How a store is doing, and what was done to mend it.

#ifndef HARK_DAEMON_STORE_STORE_HEALTH_H_
#define HARK_DAEMON_STORE_STORE_HEALTH_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace hark::store {

enum class StoreHealth : std::uint8_t {
  kReady,
  // cache.db is being replaced by what can be salvaged of it. Reads go on with the old file; what
  // is written waits.
  kRepairing,
  // The same, by an empty one, since the user asked for it.
  kClearing,
  // Nothing can be stored at present: the disk is full, or damage could not be mended.
  kReadOnly,
};

// Nothing of it is content: it may be logged and shown.
struct RepairReport {
  bool cache_replaced = false;
  bool authored_replaced = false;  // Loud: what the user wrote and was not sent may be lost.
  std::string reason;              // What was wrong, a sentence for a person.
  std::filesystem::path aside;     // Where the damaged files are now.
  std::uint64_t aside_bytes = 0;   // Of everything that was ever set aside here.
  // Salvaged: rows of cache.db, rows of authored.db.
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  std::uint64_t authored_rows = 0;
  std::uint64_t damaged_pages = 0;

  [[nodiscard]] bool any() const { return cache_replaced || authored_replaced; }
};

// Called on the writer's thread; must not block. The report tells of the latest repair.
using OnHealth = std::function<void(StoreHealth, const RepairReport&)>;

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_HEALTH_H_
