#include "daemon/store/backup.h"

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <vector>

#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

fs::path BackupsOf(const StoreFiles& files) {
  return files.folder() / "backups";
}

fs::path MarkOf(const StoreFiles& files) {
  return BackupsOf(files) / "migrating";
}

std::string NameOf(SchemaVersions versions) {
  return "schema-" + std::to_string(versions.cache) + "-" + std::to_string(versions.authored);
}

// Oldest first.
std::vector<Backup> ListBackups(const StoreFiles& files) {
  std::vector<Backup> backups;
  std::error_code error;
  for (fs::directory_iterator entry(BackupsOf(files), error), end; entry != end;
       entry.increment(error)) {
    long long cache = 0;
    long long authored = 0;
    const std::string name = entry->path().filename().string();
    if (std::sscanf(name.c_str(), "schema-%lld-%lld", &cache, &authored) != 2) continue;
    const SchemaVersions versions{cache, authored};
    if (name == NameOf(versions)) backups.push_back({entry->path(), versions});
  }
  std::sort(backups.begin(), backups.end(), [](const Backup& a, const Backup& b) {
    return std::pair(a.versions.cache, a.versions.authored) <
           std::pair(b.versions.cache, b.versions.authored);
  });
  return backups;
}

// The copy with what is in its log in it, and no log.
Result<void> CopyDatabase(const fs::path& from, const fs::path& to, const Secret& key,
                          const AtPoint& at) {
  at();
  if (auto copied = CopyFile(from, to); !copied) return copied;
  at();
  if (SizeOf(from.string() + "-wal") > 0) {
    if (auto copied = CopyFile(from.string() + "-wal", to.string() + "-wal"); !copied)
      return copied;
  }
  at();
  return Catching([&]() -> Result<void> {
    {
      Connection proof(to, key, Access::kWrite, Durability::kAuthored);
      if (!proof.CheckpointAndTruncate())
        return Fail(ErrorCode::kInternal, "the backup cannot be finished");
    }
    std::error_code error;
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(to.string() + suffix, error);
    return {};
  });
}

}  // namespace

Result<void> MakeBackup(const StoreFiles& files, StoreKeys keys, SchemaVersions versions,
                        const AtPoint& at) {
  const fs::path folder = BackupsOf(files) / NameOf(versions);
  const fs::path unfinished = BackupsOf(files) / "unfinished";
  std::error_code error;
  fs::remove_all(unfinished, error);
  Result<void> done = MakePrivateFolder(unfinished);
  if (done) done = CopyDatabase(files.cache(), unfinished / "cache.db", keys.cache, at);
  if (done) done = CopyDatabase(files.authored(), unfinished / "authored.db", keys.authored, at);
  if (done) {
    SyncFolder(unfinished);
    at();
    // Of the same schema, from before a rollback. Nothing is migrated yet: a crash here loses no
    // way back.
    fs::remove_all(folder, error);
    done = Rename(unfinished, folder);
  }
  if (!done) fs::remove_all(unfinished, error);
  return done;
}

void RemoveOldBackups(const StoreFiles& files) {
  std::vector<Backup> backups = ListBackups(files);
  std::error_code error;
  while (backups.size() > kKeptBackups) {
    fs::remove_all(backups.front().folder, error);
    backups.erase(backups.begin());
  }
}

std::optional<Backup> NewestBackup(const StoreFiles& files) {
  const std::vector<Backup> backups = ListBackups(files);
  if (backups.empty()) return std::nullopt;
  return backups.back();
}

bool IsMigrating(const StoreFiles& files) {
  return Exists(MarkOf(files));
}

Result<void> SetMigrating(const StoreFiles& files, bool migrating) {
  if (migrating) return ReplaceFile(MarkOf(files), "");
  std::error_code error;
  fs::remove(MarkOf(files), error);
  SyncFolder(BackupsOf(files));
  return {};
}

}  // namespace hark::store
