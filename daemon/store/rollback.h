// Going back to the store as it was before the last migration, for a return to an older program.

#ifndef HARK_DAEMON_STORE_ROLLBACK_H_
#define HARK_DAEMON_STORE_ROLLBACK_H_

#include <cstdint>
#include <filesystem>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/store/backup.h"

namespace hark::store {

struct RolledBack {
  SchemaVersions from;
  SchemaVersions to;
  std::filesystem::path aside;     // Where the files that were replaced are now.
  std::uint64_t entries_lost = 0;  // Of the outbox, and drafts; they are in those files still.
};

struct RollBackOptions {
  std::filesystem::path folder;  // As of StoreOptions.
  bool force = false;            // Although such entries are lost by it.
};

// The store must not be open. Sets the present files aside by rename and puts the newest backup in
// their place; the backup itself stays. A program with the newer schema that opens the store
// afterwards migrates it again.
//
// Errors, after each of which nothing has changed: kNotFound: there is no backup. kConflict: the
// store has the schema of the backup already; or entries of the outbox, or drafts, that were
// written since the backup would be lost, the message says how many, and `force` was not given.
// kCorrupt: the backup, or without `force` the present authored.db, cannot be read with these keys.
// kResourceExhausted: disk full. kInternal: the system refused.
//
// A crash on the way is finished by the next opening or by calling this again.
[[nodiscard]] Result<RolledBack> RollBack(
    const RollBackOptions& options, StoreKeys keys, WallTime now, const AtPoint& at = [] {});

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_ROLLBACK_H_
