// Replaces a damaged cache.db while the store is open.

#ifndef HARK_DAEMON_STORE_STORE_REPAIR_H_
#define HARK_DAEMON_STORE_STORE_REPAIR_H_

#include <string>

#include "daemon/store/damage_report.h"
#include "daemon/store/store_health.h"
#include "daemon/store/store_parts.h"
#include "daemon/store/writer.h"

namespace hark::store {

// As SqlcipherStore::SetCacheAside(). `parts` outlives the writer's thread.
void StartRepair(StoreParts& parts, std::string reason, Writer::Done<RepairReport> done);

// Damage came to light in use: tells of it, and repairs the cache. On the thread that saw it.
void OnDamage(StoreParts& parts, File file);

void LogRepair(const RepairReport& report);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_REPAIR_H_
