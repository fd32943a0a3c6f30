// Everything that has to be right before the first call of a store.

#ifndef HARK_DAEMON_STORE_OPENING_H_
#define HARK_DAEMON_STORE_OPENING_H_

#include "daemon/base/result.h"
#include "daemon/store/store_parts.h"

namespace hark::store {

// Checks the files, makes, mends or migrates them, and opens the writer; fills in `state`,
// `position`, `last_repair` and `writer`. A cache that looks good and then turns out to be damaged
// where opening reads it is replaced too. The errors are those of SqlcipherStore::Open().
[[nodiscard]] Result<void> OpenFiles(StoreParts& parts);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_OPENING_H_
