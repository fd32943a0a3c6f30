// The copies of both files that are made before a migration, to go back to (rollback.h).

#ifndef HARK_DAEMON_STORE_BACKUP_H_
#define HARK_DAEMON_STORE_BACKUP_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/store/store_files.h"

namespace hark::store {

// user_version of both files.
struct SchemaVersions {
  std::int64_t cache = 0;
  std::int64_t authored = 0;

  friend bool operator==(const SchemaVersions&, const SchemaVersions&) = default;
};

struct Backup {
  std::filesystem::path folder;  // Below backups/; holds cache.db and authored.db.
  SchemaVersions versions;
};

// So many are kept, the newest ones.
inline constexpr std::size_t kKeptBackups = 2;

// Called before each action that a crash may come between; for tests. May throw.
using AtPoint = std::function<void()>;

// Copies both files, which nobody has open, to backups/schema-<cache>-<authored>: same keys, logs
// folded in, each opened once as proof, fsynced, mode 0600. Made under another name and then
// renamed, so a backup that exists is complete; an earlier one of the same versions is replaced.
// The files themselves are only read.
//
// kResourceExhausted: disk full; what was copied so far is gone again. May throw SQLite::Exception.
[[nodiscard]] Result<void> MakeBackup(const StoreFiles& files, StoreKeys keys,
                                      SchemaVersions versions, const AtPoint& at);

// Removes all but the newest kKeptBackups. Once the migration that they were for is done.
void RemoveOldBackups(const StoreFiles& files);

// With the highest versions; nothing if there is none.
[[nodiscard]] std::optional<Backup> NewestBackup(const StoreFiles& files);

// A migration that was begun and is not known to be finished: its backup is the one to keep. Both
// are durable.
[[nodiscard]] bool IsMigrating(const StoreFiles& files);
[[nodiscard]] Result<void> SetMigrating(const StoreFiles& files, bool migrating);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_BACKUP_H_
