#include "daemon/store/free_pages.h"

#include <algorithm>
#include <cstdint>

#include "daemon/store/retention.h"

namespace hark::store {
namespace {

constexpr char kRelease[] = "PRAGMA incremental_vacuum(32)";
static_assert(kReleasedPages == 32);
constexpr char kFree[] = "PRAGMA freelist_count";
constexpr char kAll[] = "PRAGMA page_count";
constexpr char kAutoVacuum[] = "PRAGMA auto_vacuum";
constexpr std::int64_t kIncremental = 2;

// Of the file: 1 in so many.
constexpr std::int64_t kManyPart = 256;

// A file of before that mode has to be rebuilt first; its free pages are used again meanwhile.
bool CanRelease(Connection& cache) {
  return cache.ReadInt(kAutoVacuum) == kIncremental;
}

}  // namespace

bool HasManyFreePages(Connection& cache) {
  const std::int64_t free = cache.ReadInt(kFree);
  return free >= std::max<std::int64_t>(kReleasedPages, cache.ReadInt(kAll) / kManyPart) &&
         CanRelease(cache);
}

bool ReleaseFreePages(Connection& cache) {
  if (!CanRelease(cache) || cache.ReadInt(kFree) == 0) return false;
  cache.Execute(kRelease);
  return cache.ReadInt(kFree) > 0;
}

}  // namespace hark::store
