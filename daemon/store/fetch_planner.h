// What is to be fetched next, read from one snapshot.

#ifndef HARK_DAEMON_STORE_FETCH_PLANNER_H_
#define HARK_DAEMON_STORE_FETCH_PLANNER_H_

#include <cstdint>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/store/reader.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

[[nodiscard]] FetchPlan PlanFetches(const Snapshot& snapshot,
                                    const std::vector<ConversationId>& active, std::uint32_t limit);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_FETCH_PLANNER_H_
