// What a policy takes away, read in small snapshots.

#ifndef HARK_DAEMON_STORE_RETENTION_PLANNER_H_
#define HARK_DAEMON_STORE_RETENTION_PLANNER_H_

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/model/retention.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

// As RetentionStore::PlanRetention.
[[nodiscard]] Result<RetentionPlan> PlanRetention(ReaderPool& readers,
                                                  const RetentionPolicy& policy, WallTime now);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RETENTION_PLANNER_H_
