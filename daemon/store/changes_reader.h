// Reads the change log for a watcher that was away.

#ifndef HARK_DAEMON_STORE_CHANGES_READER_H_
#define HARK_DAEMON_STORE_CHANGES_READER_H_

#include <optional>

#include "daemon/store/reader.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

// See Reader::ReadChanges().
[[nodiscard]] std::optional<ChangesPage> ReadChanges(const Snapshot& snapshot,
                                                     const ChangesQuery& query);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGES_READER_H_
