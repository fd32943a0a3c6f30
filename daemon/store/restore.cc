#include "daemon/store/restore.h"

#include <string>
#include <system_error>
#include <utility>

#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/incarnation.h"
#include "daemon/store/migrator.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/set_aside.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_copy.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/verify.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPathBytes = 4096;

fs::path StageOf(const StoreFiles& files) {
  return files.folder() / "restoring";
}

// Holds the name of the folder that the present files go to.
fs::path MarkOf(const StoreFiles& files) {
  return StageOf(files) / "ready";
}

struct Staged {
  std::string store_id;
  ConversationTotals totals;
};

tl::unexpected<Error> GivenUp() {
  return Fail(ErrorCode::kCancelled, "The restore was given up; nothing was changed.");
}

Result<Staged> StageFile(const fs::path& from, const Secret& from_key, const fs::path& to,
                         const Secret& key, const std::vector<Migration>& migrations,
                         const std::function<bool()>& stop) {
  if (stop()) return GivenUp();
  const FileVerdict verdict = VerifyFile(from, from_key, {});
  if (verdict.reading != Reading::kWorks)
    return Fail(ErrorCode::kResourceExhausted, "The backup cannot be read; nothing was changed.");
  if (!verdict.good())
    return Fail(ErrorCode::kCorrupt, "The backup is damaged; nothing was changed.");
  return Catching([&]() -> Result<Staged> {
    Connection source(from, from_key, Access::kProbe, Durability::kAuthored);
    if (auto known = CheckVersion(source, migrations); !known)
      return tl::unexpected<Error>(std::move(known.error()));
    Staged staged{ReadStoreId(source), {}};
    if (&migrations == &CacheMigrations()) staged.totals = CountConversationsAndMessages(source);
    auto copied = Catching([&] { return CopyDatabase(source, to, key, stop); });
    if (!copied && stop()) return GivenUp();
    if (!copied) return tl::unexpected<Error>(std::move(copied.error()));
    return staged;
  });
}

// What the mark says, from any point on.
Result<void> Take(const StoreFiles& files, const fs::path& aside, const AtPoint& at) {
  const fs::path stage = StageOf(files);
  for (const fs::path& file : {files.authored(), files.cache()}) {
    const fs::path fresh = stage / file.filename();
    if (!Exists(fresh)) continue;
    at();
    if (auto done = SetAside(file, aside); !done) return done;
    at();
    if (auto done = Rename(fresh, file); !done) return done;
  }
  at();
  // What it notes is of the other files.
  if (Exists(files.state())) {
    if (auto done = Rename(files.state(), aside / files.state().filename()); !done) return done;
  }
  at();
  std::error_code error;
  fs::remove(MarkOf(files), error);
  SyncFolder(stage);
  at();
  fs::remove_all(stage, error);
  return {};
}

}  // namespace

Result<StagedRestore> StageRestore(const StoreFiles& files, const RestoreSource& source,
                                   StoreKeys keys, const std::function<bool()>& stop) {
  const fs::path stage = StageOf(files);
  std::error_code error;
  // One that counts already is finished, not dropped: its files may be the only ones.
  if (auto finished = FinishRestore(files); !finished)
    return tl::unexpected<Error>(std::move(finished.error()));
  if (auto made = MakePrivateFolder(stage); !made)
    return tl::unexpected<Error>(std::move(made.error()));
  const auto staged = [&]() -> Result<StagedRestore> {
    const auto authored = StageFile(source.authored, source.keys.authored, stage / "authored.db",
                                    keys.authored, AuthoredMigrations(), stop);
    if (!authored) return tl::unexpected<Error>(authored.error());
    const auto cache = StageFile(source.cache, source.keys.cache, stage / "cache.db", keys.cache,
                                 CacheMigrations(), stop);
    if (!cache) return tl::unexpected<Error>(cache.error());
    if (cache->store_id != authored->store_id)
      return Fail(ErrorCode::kCorrupt, "The backup's files do not belong together.");
    auto state = ReadAuthored(stage / "authored.db", keys.authored);
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    return StagedRestore{*std::move(state), cache->totals.conversations, cache->totals.messages};
  }();
  if (!staged) fs::remove_all(stage, error);
  return staged;
}

Result<LostAuthored> CountLostByRestore(const StoreFiles& files, const StagedRestore& staged,
                                        AuthoredState present, const Secret& cache_key) {
  if (CountLost(present, staged.authored).entries > 0) {
    if (auto dropped = DropDelivered(present, StageOf(files) / "cache.db", cache_key); !dropped)
      return tl::unexpected<Error>(std::move(dropped.error()));
  }
  return CountLost(present, staged.authored);
}

Result<fs::path> TakeRestored(const StoreFiles& files, const Secret& authored_key,
                              std::uint32_t generation, WallTime now, const AtPoint& at) {
  at();
  const fs::path stage = StageOf(files);
  Result<void> ready = BeginIncarnation(stage / "authored.db", authored_key, generation);
  if (!ready) return tl::unexpected<Error>(std::move(ready.error()));
  at();
  auto aside = MakeAsideFolder(files.folder(), now);
  if (!aside) return aside;
  at();
  if (ready = ReplaceFile(MarkOf(files), aside->filename().string()); !ready) {
    std::error_code error;
    fs::remove(*aside, error);
    return tl::unexpected<Error>(std::move(ready.error()));
  }
  if (auto taken = Take(files, *aside, at); !taken)
    return tl::unexpected<Error>(std::move(taken.error()));
  return aside;
}

void DropStaged(const StoreFiles& files) {
  std::error_code error;
  fs::remove_all(StageOf(files), error);
}

Result<void> FinishRestore(const StoreFiles& files) {
  if (!Exists(MarkOf(files))) {
    DropStaged(files);
    return {};
  }
  const fs::path name = ReadSmallFile(MarkOf(files), kPathBytes);
  const fs::path aside = files.folder() / "set-aside" / name.filename();
  if (auto made = MakePrivateFolder(aside); !made) return made;
  return Take(files, aside, [] {});
}

}  // namespace hark::store
