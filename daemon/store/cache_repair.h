// Replaces a damaged cache.db while the store is open.

#ifndef HARK_DAEMON_STORE_CACHE_REPAIR_H_
#define HARK_DAEMON_STORE_CACHE_REPAIR_H_

#include <functional>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/store/job.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/store_files.h"
#include "daemon/store/store_health.h"
#include "daemon/store/write_group.h"

namespace hark::store {

struct CacheRepair {
  const StoreFiles& files;
  const Secret& key;
  const std::string& store_id;
  const NotedFile& noted;
  const Clock& clock;
  GroupWriter& writer;
  ReaderPool& readers;
};

// On the writer's thread, between groups: salvages cache.db into a new file while readers go on
// with the old one, then swaps the two while nobody reads, which takes a few renames. What is
// written meanwhile waits. On an error the old file is in use as before, and nothing was set aside
// (kResourceExhausted: no room for the new one).
[[nodiscard]] Result<RepairReport> ReplaceDamagedCache(const CacheRepair& repair,
                                                       std::string reason);

// Announces every conversation as one whose gaps may have changed. The last step of a repair.
class AnnounceAllJob final : public Job {
 public:
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return 1; }
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CACHE_REPAIR_H_
