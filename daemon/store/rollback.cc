#include "daemon/store/rollback.h"

#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "daemon/store/columns.h"
#include "daemon/store/connection.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/set_aside.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

// Positions are never used twice, and the columns of the first schema are in every later one. Any
// schema: so not by outbox_rows.h.
constexpr char kPositions[] = "SELECT position FROM outbox";
constexpr char kVersion[] = "PRAGMA user_version";
constexpr char kHasDrafts[] = "SELECT count(*) FROM sqlite_master WHERE name = 'drafts'";
constexpr char kDrafts[] = "SELECT conversation, version FROM drafts WHERE text <> ''";

struct AuthoredState {
  std::int64_t version = 0;
  std::set<std::int64_t> positions;
  std::set<std::pair<std::string, std::int64_t>> drafts;
};

Result<AuthoredState> ReadAuthored(const fs::path& file, const Secret& key) {
  return Catching([&]() -> Result<AuthoredState> {
    Connection connection(file, key, Access::kProbe, Durability::kAuthored);
    AuthoredState state;
    state.version = connection.ReadInt(kVersion);
    Query query(connection.statements(), kPositions);
    while (query.Next()) state.positions.insert(query.GetInt(0));
    if (connection.ReadInt(kHasDrafts) > 0) {
      Query drafts(connection.statements(), kDrafts);
      while (drafts.Next()) state.drafts.emplace(drafts.GetText(0), drafts.GetInt(1));
    }
    return state;
  });
}

Result<std::int64_t> ReadVersion(const fs::path& file, const Secret& key) {
  return Catching([&]() -> Result<std::int64_t> {
    return Connection(file, key, Access::kProbe, Durability::kFetchable).ReadInt(kVersion);
  });
}

std::uint64_t CountLost(const AuthoredState& present, const AuthoredState& backup) {
  std::uint64_t lost = 0;
  for (const std::int64_t position : present.positions)
    lost += backup.positions.contains(position) ? 0 : 1;
  for (const auto& draft : present.drafts) lost += backup.drafts.contains(draft) ? 0 : 1;
  return lost;
}

// The backup's files beside the present ones, complete; then only renames are left to do.
Result<void> PutInPlace(const StoreFiles& files, const Backup& backup, const fs::path& aside) {
  const std::pair<fs::path, fs::path> both[] = {{backup.folder / "cache.db", files.cache()},
                                                {backup.folder / "authored.db", files.authored()}};
  for (const auto& [from, to] : both) {
    RemoveNewFile(to.string() + ".new");
    if (auto copied = CopyFile(from, to.string() + ".new"); !copied) {
      for (const auto& [unused, file] : both) RemoveNewFile(file.string() + ".new");
      return copied;
    }
  }
  // What it notes is of the other files.
  if (Exists(files.state())) {
    auto done = Rename(files.state(), aside / files.state().filename());
    if (!done) return done;
  }
  for (const auto& [from, to] : both) {
    if (auto done = SetAside(to, aside); !done) return done;
    if (auto done = Rename(to.string() + ".new", to); !done) return done;
  }
  return {};
}

}  // namespace

Result<RolledBack> RollBack(const RollBackOptions& options, StoreKeys keys, WallTime now) {
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
    result.entries_lost = CountLost(*present, *old_authored);
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
  if (auto done = PutInPlace(files, *backup, *aside); !done) {
    std::error_code error;
    fs::remove(*aside, error);  // If nothing is in it.
    return tl::unexpected<Error>(std::move(done.error()));
  }
  return result;
}

}  // namespace hark::store
