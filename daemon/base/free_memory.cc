#include "daemon/base/free_memory.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>
#if defined(HARK_JEMALLOC)
#include <jemalloc/jemalloc.h>
#endif

#include "daemon/base/limits.h"

#if defined(HARK_JEMALLOC)
// Read by jemalloc before main(). Few heaps, since each keeps some memory: as many as threads are
// busy at once on a small machine; more share. What is free goes back at GiveBack(), and while the
// daemon is busy, after a second.
extern "C" {
const char* malloc_conf = "narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
#endif

namespace hark {
namespace {

// Giving back walks through all that is free, so it is not done for less, nor often for nothing.
constexpr std::size_t kWorthIt = std::size_t{1024} * 1024;
constexpr int kPassOverMost = 63;

// 0: not known.
std::size_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long size = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &size, &resident);  // NOLINT(cert-err34-c)
  (void)std::fclose(file);
  return read == 2 ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

// False: nobody can be told to.
bool Purge() {
#if defined(HARK_JEMALLOC)
  static_assert(MALLCTL_ARENAS_ALL == 4096);
  return ::mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0) == 0;
#else
  return false;
#endif
}

}  // namespace

std::size_t FreeMemory::GiveBack() {
  const std::size_t before = ResidentBytes();
  resident_ = before;
  smallest_ = smallest_ == 0 ? before : std::min(smallest_, before);
  if (before < smallest_ + limits::kKeptMemoryBytes) return 0;
  if (before < after_ + limits::kKeptMemoryBytes && passed_over_++ < pass_over_) return 0;
  if (!Purge()) return 0;
  after_ = ResidentBytes();
  resident_ = after_;
  const std::size_t given = before - std::min(before, after_);
  pass_over_ = given >= kWorthIt ? 0 : std::min(2 * pass_over_ + 1, kPassOverMost);
  passed_over_ = 0;
  return given;
}

}  // namespace hark
