#include "daemon/store/schema_upgrade.h"

#include <cstdint>

#include "daemon/base/log.h"
#include "daemon/store/connection.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

constexpr std::int64_t kIncremental = 2;

struct FileState {
  std::int64_t version = 0;
  std::int64_t auto_vacuum = 0;
};

// Changes nothing.
FileState LookAt(const std::filesystem::path& file, const Secret& key) {
  Connection connection(file, key, Access::kProbe, Durability::kAuthored);
  return {connection.ReadInt("PRAGMA user_version"), connection.ReadInt("PRAGMA auto_vacuum")};
}

Result<void> RunSteps(const std::filesystem::path& file, const Secret& key,
                      const std::vector<Migration>& migrations, const AtPoint& at) {
  // Synced whatever the file is: a step is done once.
  Connection connection(file, key, Access::kWrite, Durability::kAuthored);
  at();
  auto migrated = Migrate(connection, migrations);
  if (!migrated) return migrated;
  at();
  (void)connection.CheckpointAndTruncate();
  return {};
}

void MakeIncremental(const std::filesystem::path& file, const Secret& key) {
  const auto done = Catching([&]() -> Result<void> {
    Connection connection(file, key, Access::kWrite, Durability::kAuthored);
    connection.Execute("PRAGMA auto_vacuum = INCREMENTAL");
    connection.Execute("VACUUM");
    (void)connection.CheckpointAndTruncate();
    return {};
  });
  if (!done) log::Warning("vacuum_put_off", {{"why", done.error()}});
}

}  // namespace

Result<void> UpgradeSchemas(const StoreFiles& files, StoreKeys keys, const UpgradeSteps& steps) {
  return Catching([&]() -> Result<void> {
    const FileState cache = LookAt(files.cache(), keys.cache);
    const FileState authored = LookAt(files.authored(), keys.authored);
    const bool lacks_step = cache.version < steps.cache.back().version ||
                            authored.version < steps.authored.back().version;
    if (lacks_step) {
      if (!IsMigrating(files)) {
        auto made = MakeBackup(files, keys, {cache.version, authored.version}, steps.at);
        if (!made) return made;
        steps.at();
        if (auto set = SetMigrating(files, true); !set) return set;
      }
      auto ran = RunSteps(files.cache(), keys.cache, steps.cache, steps.at);
      if (ran) ran = RunSteps(files.authored(), keys.authored, steps.authored, steps.at);
      if (!ran) return ran;
      steps.at();
    }
    if (cache.auto_vacuum != kIncremental) MakeIncremental(files.cache(), keys.cache);
    if (lacks_step || IsMigrating(files)) {
      if (auto set = SetMigrating(files, false); !set) return set;
      RemoveOldBackups(files);
    }
    return {};
  });
}

}  // namespace hark::store
