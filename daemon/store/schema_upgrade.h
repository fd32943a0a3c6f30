// Brings both files of a store to the schema of this program before anything else uses them.

#ifndef HARK_DAEMON_STORE_SCHEMA_UPGRADE_H_
#define HARK_DAEMON_STORE_SCHEMA_UPGRADE_H_

#include <vector>

#include "daemon/base/result.h"
#include "daemon/store/backup.h"
#include "daemon/store/migrator.h"
#include "daemon/store/store_files.h"

namespace hark::store {

struct UpgradeSteps {
  const std::vector<Migration>& cache = CacheMigrations();
  const std::vector<Migration>& authored = AuthoredMigrations();
  AtPoint at = [] {};
};

// Nobody has the files open; they passed StoreFiles::Prepare(). If a file lacks a step: a backup of
// both (backup.h), then one transaction for each step. Wherever it is interrupted, either the step
// is done or it is not, and the next call goes on; the backup stays that of before the first step.
//
// kResourceExhausted: the disk is full; the files are as they were. Other errors: a step failed and
// was undone.
//
// Afterwards cache.db is of auto_vacuum=INCREMENTAL, if need be by one VACUUM, which takes about
// the file's size of memory and twice its size of disk for its length. If that fails, it is tried
// again at the next opening; nothing but the returning of space depends on it.
[[nodiscard]] Result<void> UpgradeSchemas(const StoreFiles& files, StoreKeys keys,
                                          const UpgradeSteps& steps = {});

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SCHEMA_UPGRADE_H_
