#include "daemon/store/store_files.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "daemon/base/uuid.h"
#include "daemon/store/clear_files.h"
#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/salvage.h"
#include "daemon/store/set_aside.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyBytes = 32;

fs::path NewNameOf(const fs::path& file) {
  return file.string() + ".new";
}

bool IsUsable(const FileCheck& check) {
  return check.condition == FileCondition::kGood || check.condition == FileCondition::kDamaged;
}

// Why a store is refused as it is.
tl::unexpected<Error> Untouched(const FileCheck& check) {
  return Fail(check.error.code, check.error.message + "; nothing was touched");
}

void Put(const SalvageReport& salvaged, RepairReport& report) {
  report.conversations += salvaged.conversations;
  report.messages += salvaged.messages;
  report.authored_rows += salvaged.authored_rows;
  report.damaged_pages += salvaged.damaged_pages;
}

// Not when either is unknown.
bool IsOfBoot(const StoreState& state, const std::string& boot_id) {
  return !boot_id.empty() && state.boot_id == boot_id;
}

}  // namespace

Result<PreparedStore> StoreFiles::Prepare(StoreKeys keys, WallTime now, const std::string& boot_id,
                                          Suspects suspects) const {
  if (!IsUsableCipherVersion(CipherVersion())) {
    return Fail(ErrorCode::kInternal, "this program runs with a SQLCipher older than 4.5");
  }
  if (keys.cache.bytes().size() != kKeyBytes || keys.authored.bytes().size() != kKeyBytes)
    return Fail(ErrorCode::kInvalidArgument, "a key of the store has the wrong length");
  if (!must_exist_ || Exists(folder_)) {
    if (auto folder = MakeFolder(); !folder) return tl::unexpected<Error>(folder.error());
  }
  Found found = Look(keys, boot_id, now, suspects);
  const auto finished = FinishRenames(keys, found, now);
  if (!finished) return tl::unexpected<Error>(finished.error());
  if (!finished->aside.empty()) found = Look(keys, boot_id, now, suspects);
  if (IsClearing(*this) && found.cache.condition == FileCondition::kMissing &&
      found.authored.condition == FileCondition::kGood) {
    if (auto made = MakeClearedCache(*this, keys.cache, found.authored.store_id); !made)
      return tl::unexpected<Error>(std::move(made.error()));
    RemoveLeftovers();
    return PreparedStore{found.authored.store_id, {}};
  }

  if (suspects == Suspects::kEither && found.authored.condition == FileCondition::kGood &&
      found.cache.condition == FileCondition::kGood) {
    found.cache.condition = FileCondition::kDamaged;
    found.cache.error.message = "cache.db has damaged pages";
  }
  const bool neither = found.cache.condition == FileCondition::kMissing &&
                       found.authored.condition == FileCondition::kMissing;
  if (neither) {
    // A log without its database: somebody moved the database away.
    if (SizeOf(cache().string() + "-wal") > 0 || SizeOf(authored().string() + "-wal") > 0) {
      return Fail(ErrorCode::kCorrupt,
                  "the database files are missing beside their logs; nothing was touched");
    }
    if (must_exist_) {
      return Fail(ErrorCode::kCorrupt,
                  "The database files of the account are gone; put the folder " + folder_.string() +
                      " back. Nothing was touched.");
    }
    auto created = CreateBoth(keys, now);
    if (!created) return tl::unexpected<Error>(std::move(created.error()));
    RemoveLeftovers();
    return PreparedStore{*std::move(created), {}};
  }
  auto prepared = Mend(keys, found, now);
  if (!prepared) {
    SaveNote(found.state);
    return prepared;
  }
  if (finished->authored_replaced && !prepared->repair.any()) prepared->repair = *finished;
  // A log without a note of who left it may be torn too.
  const bool has_log =
      SizeOf(cache().string() + "-wal") > 0 || SizeOf(authored().string() + "-wal") > 0;
  prepared->repair.lost_power = found.last.was_open ? !found.last.same_boot : has_log;
  RemoveLeftovers();
  return prepared;
}

void StoreFiles::RemoveLeftovers() const {
  if (IsClearing(*this) && !IsCacheToGo(*this)) UnmarkClearing(*this);
  for (const fs::path& file : {cache(), authored()}) RemoveNewFile(NewNameOf(file));
}

Result<void> StoreFiles::MakeFolder() const {
  std::error_code error;
  if (fs::is_directory(folder_, error)) return {};
  if (folder_.has_parent_path()) fs::create_directories(folder_.parent_path(), error);
  if (::mkdir(folder_.c_str(), 0700) != 0) {
    return Fail(ErrorCode::kInternal, "the folder " + folder_.string() + " cannot be made");
  }
  return {};
}

StoreFiles::Found StoreFiles::Look(StoreKeys keys, const std::string& boot_id, WallTime now,
                                   Suspects suspects) const {
  Found found;
  found.state = ReadStoreState(state());
  found.state.authored.suspect = found.state.authored.suspect || suspects != Suspects::kNone;
  found.last = {found.state.open, IsOfBoot(found.state, boot_id)};
  found.authored = CheckFile(authored(), keys.authored, AuthoredMigrations(), found.state.authored,
                             found.last, TornTail::kOneCommit, now);
  found.cache = CheckFile(cache(), keys.cache, CacheMigrations(), found.state.cache, found.last,
                          TornTail::kAnyNumber, now);
  return found;
}

void StoreFiles::SaveNote(const StoreState& noted) const {
  const StoreState known = ReadStoreState(state());
  // One that cannot be read just now is not overwritten by less.
  if (noted == known || (known == StoreState() && Exists(state()))) return;
  (void)WriteStoreState(state(), noted);
}

Result<std::string> StoreFiles::CreateBoth(StoreKeys keys, WallTime now) const {
  std::string store_id = NewUuidV7(now);
  const fs::path new_cache = NewNameOf(cache());
  const fs::path new_authored = NewNameOf(authored());
  Result<void> done = MakeNewFile(new_cache, keys.cache, CacheMigrations(), store_id);
  if (done) done = MakeNewFile(new_authored, keys.authored, AuthoredMigrations(), store_id);
  if (done) done = Rename(new_authored, authored());
  if (done) done = Rename(new_cache, cache());
  if (!done) return tl::unexpected<Error>(std::move(done.error()));
  return store_id;
}

Result<RepairReport> StoreFiles::FinishRenames(StoreKeys keys, const Found& found,
                                               WallTime now) const {
  RepairReport report;
  // Of the old file its log may still be there.
  const bool lacks_cache = !Exists(cache()) && found.authored.condition == FileCondition::kGood;
  const bool lacks_authored = !Exists(authored()) && IsUsable(found.cache);
  if (!lacks_cache && !lacks_authored) return report;
  const fs::path file = lacks_cache ? cache() : authored();
  if (!Exists(NewNameOf(file))) return report;
  NotedFile unknown;
  const FileCheck fresh = CheckFile(NewNameOf(file), lacks_cache ? keys.cache : keys.authored,
                                    lacks_cache ? CacheMigrations() : AuthoredMigrations(), unknown,
                                    {}, TornTail::kAnyNumber, now);
  if (fresh.condition == FileCondition::kRefused &&
      fresh.error.code == ErrorCode::kResourceExhausted)
    return Untouched(fresh);
  const std::string& expected = lacks_cache ? found.authored.store_id : found.cache.store_id;
  // What is not complete never was a store.
  if (fresh.condition != FileCondition::kGood) return report;
  if (!expected.empty() && fresh.store_id != expected) return report;
  if (auto taken = TakeNew(file, now, report); !taken)
    return tl::unexpected<Error>(std::move(taken.error()));
  // A rollback sets the note aside too: then it is no salvage.
  report.authored_replaced = lacks_authored && Exists(state());
  report.reason = "A repair was interrupted, and is done now.";
  return report;
}

Result<PreparedStore> StoreFiles::Mend(StoreKeys keys, Found& found, WallTime now) const {
  for (const FileCheck* check : {&found.authored, &found.cache}) {
    if (check->condition == FileCondition::kRefused) return Untouched(*check);
  }
  // Only authored.db, or at least a page of it, proves that keys and files belong together.
  if (!IsUsable(found.authored)) return Untouched(found.authored);
  const bool both_good = found.authored.condition == FileCondition::kGood &&
                         found.cache.condition == FileCondition::kGood;
  const bool same_store = found.authored.store_id == found.cache.store_id;
  if (both_good && same_store) return PreparedStore{found.authored.store_id, {}};
  // The note says which of two that do not belong together is the stranger.
  if (both_good && found.state.store_id == found.cache.store_id) {
    return Fail(ErrorCode::kCorrupt,
                "authored.db is of another store than cache.db; nothing was touched");
  }
  auto store_id = StoreIdOf(keys, found, now);
  if (!store_id) return tl::unexpected<Error>(std::move(store_id.error()));
  PreparedStore prepared{*std::move(store_id), {}};
  RepairReport& report = prepared.repair;
  if (found.authored.condition == FileCondition::kDamaged) {
    report.reason = found.authored.error.message;
    if (auto done = ReplaceAuthored(keys, found, prepared.store_id, now, report); !done)
      return tl::unexpected<Error>(std::move(done.error()));
  }
  if (found.cache.condition != FileCondition::kGood || found.cache.store_id != prepared.store_id) {
    report.reason += report.reason.empty() ? "" : "; ";
    report.reason += found.cache.condition == FileCondition::kGood ? "cache.db is of another store"
                                                                   : found.cache.error.message;
    auto salvaged =
        MakeNewCache(keys.cache, prepared.store_id, found.state.cache, found.last.log_part(), now);
    if (!salvaged) return tl::unexpected<Error>(std::move(salvaged.error()));
    if (auto taken = TakeNewCache(now, report); !taken)
      return tl::unexpected<Error>(std::move(taken.error()));
    Put(*salvaged, report);
  }
  return prepared;
}

// Of authored.db if it can be told, since that is what the cache has to fit.
Result<std::string> StoreFiles::StoreIdOf(StoreKeys keys, Found& found, WallTime now) const {
  if (found.authored.condition == FileCondition::kGood) return found.authored.store_id;
  auto info =
      SalvageInfo({authored(), keys.authored, found.state.authored, LogPart::kWhole, now}, false);
  if (info && *info) return (*info)->store_id;
  if (info && found.cache.condition == FileCondition::kGood) return found.cache.store_id;
  if (info)
    info = SalvageInfo({cache(), keys.cache, found.state.cache, LogPart::kWhole, now}, true);
  if (!info) return tl::unexpected<Error>(std::move(info.error()));
  if (*info) return (*info)->store_id;
  return found.state.store_id.empty() ? NewUuidV7(now) : found.state.store_id;
}

Result<void> StoreFiles::ReplaceAuthored(StoreKeys keys, Found& found, const std::string& store_id,
                                         WallTime now, RepairReport& report) const {
  const fs::path file = authored();
  const DamagedFile damaged{file, keys.authored, found.state.authored, found.last.log_part(), now};
  const auto info =
      SalvageInfo({file, keys.authored, found.state.authored, LogPart::kWhole, now}, false);
  if (!info) return tl::unexpected<Error>(info.error());
  std::uint32_t generation =
      std::max(found.state.generation, *info ? (*info)->generation : std::uint32_t{0});
  if (generation == 0) {
    // Openings are counted: no store was opened as often as there are seconds since 1970.
    generation = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  }
  const auto salvaged = SalvageAuthored(damaged, NewNameOf(file), store_id, generation);
  if (!salvaged) return tl::unexpected<Error>(salvaged.error());
  if (auto taken = TakeNew(file, now, report); !taken) return taken;
  report.authored_replaced = true;
  Put(*salvaged, report);
  return {};
}

Result<SalvageReport> StoreFiles::MakeNewCache(const Secret& key, const std::string& store_id,
                                               NotedFile& noted, LogPart part, WallTime now) const {
  const fs::path file = cache();
  return SalvageCache({file, key, noted, part, now}, NewNameOf(file), store_id);
}

Result<void> StoreFiles::TakeNewCache(WallTime now, RepairReport& report) const {
  if (auto taken = TakeNew(cache(), now, report); !taken) return taken;
  report.cache_replaced = true;
  return {};
}

Result<void> StoreFiles::TakeNew(const fs::path& file, WallTime now, RepairReport& report) const {
  if (report.aside.empty()) {
    auto folder = MakeAsideFolder(folder_, now);
    if (!folder) return tl::unexpected<Error>(std::move(folder.error()));
    report.aside = *std::move(folder);
  }
  if (auto aside = SetAside(file, report.aside); !aside) return aside;
  if (auto taken = Rename(NewNameOf(file), file); !taken) return taken;
  report.aside_bytes = AsideBytes(folder_);
  return {};
}

std::uint64_t StoreFiles::CacheBytes() const {
  return SizeOf(cache()) + SizeOf(cache().string() + "-wal");
}

std::uint64_t StoreFiles::AuthoredBytes() const {
  return SizeOf(authored()) + SizeOf(authored().string() + "-wal");
}

}  // namespace hark::store
