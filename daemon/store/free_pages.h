// Pages of cache.db that nothing uses: what a merge of the search index, the change log or a
// removal left. SQLite takes them before the file grows; what is many goes back to the file system.

#ifndef HARK_DAEMON_STORE_FREE_PAGES_H_
#define HARK_DAEMON_STORE_FREE_PAGES_H_

#include "daemon/store/connection.h"

namespace hark::store {

// Whether they are worth a slice, for those who have nothing else to do.
[[nodiscard]] bool HasManyFreePages(Connection& cache);

// One slice, in a transaction (retention.h: kReleasedPages): moves pages from the end of the file
// to where there is room, and the file ends there. Answers whether there are more.
bool ReleaseFreePages(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_FREE_PAGES_H_
