// Brings a file to the schema of this program: forward only, one transaction for each step, and a
// file from a newer program is left alone.

#ifndef HARK_DAEMON_STORE_MIGRATOR_H_
#define HARK_DAEMON_STORE_MIGRATOR_H_

#include <cstdint>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/store/connection.h"

namespace hark::store {

struct Migration {
  std::int64_t version;  // 1, 2, 3, …
  const char* name;
  const char* sql;
};

// From migrations/, in order.
[[nodiscard]] const std::vector<Migration>& CacheMigrations();
[[nodiscard]] const std::vector<Migration>& AuthoredMigrations();

// kConflict: `file` is newer than `migrations`. Reads only.
[[nodiscard]] Result<void> CheckVersion(Connection& file, const std::vector<Migration>& migrations);

// The steps that `file` lacks. May throw SQLite::Exception; the step it happened in is undone.
[[nodiscard]] Result<void> Migrate(Connection& file, const std::vector<Migration>& migrations);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MIGRATOR_H_
