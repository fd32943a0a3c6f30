// Pages of one conversation, read from one snapshot.

#ifndef HARK_DAEMON_STORE_PAGE_READER_H_
#define HARK_DAEMON_STORE_PAGE_READER_H_

#include "daemon/base/result.h"
#include "daemon/store/reader.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

[[nodiscard]] Result<MessagePage> ReadPage(const Snapshot& snapshot, const PageQuery& query);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PAGE_READER_H_
