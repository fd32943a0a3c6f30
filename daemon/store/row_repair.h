// Puts right what two files that do not quite fit lack of each other: after a crash or power loss
// between the two commits of a group, and after one of them was replaced.

#ifndef HARK_DAEMON_STORE_ROW_REPAIR_H_
#define HARK_DAEMON_STORE_ROW_REPAIR_H_

#include "daemon/base/result.h"
#include "daemon/store/job_context.h"
#include "daemon/store/write_group.h"

namespace hark::store {

// Afterwards: no send is in both files; the conversation of every outbox entry is in the cache;
// read markers and the places of conversations in the list are what the outbox makes them.
[[nodiscard]] Result<void> RepairRows(GroupWriter& writer);

// Edits and deletions learn what the cache has of their messages: one of the two commits of a group
// may have failed.
void SettleChangesWithCache(JobContext& context);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_ROW_REPAIR_H_
