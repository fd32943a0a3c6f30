// Puts an empty cache.db in the place of the present one while the store is open.

#ifndef HARK_DAEMON_STORE_STORE_CLEAR_H_
#define HARK_DAEMON_STORE_STORE_CLEAR_H_

#include <cstdint>

#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/store_parts.h"

namespace hark::store {

// As SqlcipherStore::ClearCache(). `parts` outlives the writer's thread.
void StartClear(StoreParts& parts, RenewKey renew, Writer::Done<std::uint64_t> done);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_CLEAR_H_
