// Memory that was used and is free again goes back to the system: the allocator keeps it otherwise
// while nobody asks it for anything, and a burst of a client's calls would stay as the daemon's
// size for good.

#ifndef HARK_DAEMON_BASE_FREE_MEMORY_H_
#define HARK_DAEMON_BASE_FREE_MEMORY_H_

#include <cstddef>

namespace hark {

// Confined to one thread, for which it may block some milliseconds; allocations of others may wait
// for a part of that. Does nothing without jemalloc (docs/adr/0038).
class FreeMemory {
 public:
  // To be called every some seconds. If the process has grown by limits::kKeptMemoryBytes over the
  // smallest that it was, gives back what is free; how many bytes that were. When it was nothing,
  // because all of it is in use, the next calls are passed over, more of them each time, unless it
  // grows by as much again.
  std::size_t GiveBack();

  // Resident bytes as GiveBack() left them; 0 where that is not known.
  [[nodiscard]] std::size_t resident() const { return resident_; }

 private:
  std::size_t resident_ = 0;
  std::size_t smallest_ = 0;  // Resident bytes; 0: not looked at yet.
  std::size_t after_ = 0;     // Resident bytes after giving back.
  int pass_over_ = 0;
  int passed_over_ = 0;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_FREE_MEMORY_H_
