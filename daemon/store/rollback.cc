#include "daemon/store/rollback.h"

#include <string>
#include <system_error>
#include <utility>

#include "daemon/store/authored_state.h"
#include "daemon/store/connection.h"
#include "daemon/store/incarnation.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/set_aside.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr char kVersion[] = "PRAGMA user_version";

Result<std::int64_t> ReadVersion(const fs::path& file, const Secret& key) {
  return Catching([&]() -> Result<std::int64_t> {
    return Connection(file, key, Access::kProbe, Durability::kFetchable).ReadInt(kVersion);
  });
}

// The backup's files beside the present ones, complete; then only renames are left to do.
Result<void> PutInPlace(const StoreFiles& files, const Backup& backup, const fs::path& aside,
                        const Secret& authored_key, std::uint32_t generation, const AtPoint& at) {
  const std::pair<fs::path, fs::path> both[] = {{backup.folder / "cache.db", files.cache()},
                                                {backup.folder / "authored.db", files.authored()}};
  Result<void> copied;
  for (const auto& [from, to] : both) {
    RemoveNewFile(to.string() + ".new");
    at();
    if (copied) copied = CopyFile(from, to.string() + ".new");
  }
  if (copied)
    copied = BeginIncarnation(files.authored().string() + ".new", authored_key, generation);
  if (!copied) {
    for (const auto& [unused, file] : both) RemoveNewFile(file.string() + ".new");
    return copied;
  }
  at();
  // What it notes is of the other files.
  if (Exists(files.state())) {
    auto done = Rename(files.state(), aside / files.state().filename());
    if (!done) return done;
  }
  for (const auto& [from, to] : both) {
    at();
    if (auto done = SetAside(to, aside); !done) return done;
    at();
    if (auto done = Rename(to.string() + ".new", to); !done) return done;
  }
  return {};
}

}  // namespace

Result<RolledBack> RollBack(const RollBackOptions& options, StoreKeys keys, WallTime now,
                            const AtPoint& at) {
  const StoreFiles files(options.folder);
  const auto backup = NewestBackup(files);
  if (!backup) return Fail(ErrorCode::kNotFound, "There is no backup to go back to.");
  const auto old_authored = ReadAuthored(backup->folder / "authored.db", keys.authored);
  const auto old_cache = ReadVersion(backup->folder / "cache.db", keys.cache);
  if (!old_authored || !old_cache)
    return Fail(ErrorCode::kCorrupt, "The backup cannot be read; nothing was changed.");

  RolledBack result;
  result.to = {*old_cache, old_authored->version};
  result.from.cache = ReadVersion(files.cache(), keys.cache).value_or(0);
  const auto present = ReadAuthored(files.authored(), keys.authored);
  if (present) {
    result.from.authored = present->version;
    result.entries_lost = CountLost(*present, *old_authored).all();
  } else if (!options.force) {
    return Fail(ErrorCode::kCorrupt,
                "What waits to be sent cannot be read, so nobody can say what would be lost; "
                "nothing was changed.");
  }
  if (result.from == result.to)
    return Fail(ErrorCode::kConflict, "The store already has the schema of the backup.");
  if (result.entries_lost > 0 && !options.force) {
    return Fail(ErrorCode::kConflict,
                std::to_string(result.entries_lost) +
                    " entries that were not delivered, and drafts, that were written since the "
                    "backup would be lost; nothing was changed.");
  }
  auto aside = MakeAsideFolder(options.folder, now);
  if (!aside) return tl::unexpected<Error>(std::move(aside.error()));
  result.aside = *aside;
  const std::uint32_t generation = present ? present->generation : 0;
  if (auto done = PutInPlace(files, *backup, *aside, keys.authored, generation, at); !done) {
    std::error_code error;
    fs::remove(*aside, error);  // If nothing is in it.
    return tl::unexpected<Error>(std::move(done.error()));
  }
  return result;
}

}  // namespace hark::store
