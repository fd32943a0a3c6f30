// The outbox as a person is shown it, read from one snapshot.

#ifndef HARK_DAEMON_STORE_OUTBOX_READER_H_
#define HARK_DAEMON_STORE_OUTBOX_READER_H_

#include "daemon/base/result.h"
#include "daemon/store/reader.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

[[nodiscard]] Result<OutboxPage> ListOutbox(const Snapshot& snapshot, const OutboxQuery& query);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_OUTBOX_READER_H_
