#include "daemon/store/opening.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/error_policy.h"
#include "daemon/store/file_check.h"
#include "daemon/store/row_repair.h"
#include "daemon/store/schema_upgrade.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/store_repair.h"

namespace hark::store {
namespace {

// Checks both files and mends what the check finds.
Result<void> Prepare(StoreParts& parts, StoreKeys keys, Suspects suspects) {
  StoreState& state = parts.state;
  state.boot_id = parts.options.boot_id.empty() ? ReadBootId() : parts.options.boot_id;
  auto prepared =
      parts.files.Prepare(keys, parts.options.clock->WallNow(), state.boot_id, suspects);
  if (!prepared) return tl::unexpected<Error>(std::move(prepared.error()));
  LogRepair(prepared->repair);
  // The second time round, one of them may have been mended before.
  RepairReport& repair = prepared->repair;
  const RepairReport& before = parts.last_repair;
  repair.lost_power = repair.lost_power || before.lost_power;
  repair.cache_replaced = repair.cache_replaced || before.cache_replaced;
  repair.authored_replaced = repair.authored_replaced || before.authored_replaced;
  repair.conversations += before.conversations;
  repair.messages += before.messages;
  repair.authored_rows += before.authored_rows;
  repair.damaged_pages += before.damaged_pages;
  repair.aside_bytes = std::max(repair.aside_bytes, before.aside_bytes);
  if (repair.aside.empty()) repair.aside = before.aside;
  if (repair.reason.empty()) repair.reason = before.reason;
  parts.last_repair = std::move(repair);
  parts.position.store_id = std::move(prepared->store_id);
  return {};
}

Result<void> OpenWriter(StoreParts& parts, StoreKeys keys) {
  if (auto upgraded = UpgradeSchemas(parts.files, keys); !upgraded)
    return tl::unexpected<Error>(std::move(upgraded.error()));
  parts.writer = std::make_unique<GroupWriter>(parts.Opens(File::kCache, Access::kWrite),
                                               parts.Opens(File::kAuthored, Access::kWrite),
                                               *parts.options.clock, parts.position, parts.damage);
  if (parts.last_repair.lost_power) {
    if (auto emptied = parts.writer->EmptyLogs(); !emptied) return emptied;
  }
  StoreState& state = parts.state;
  state.generation = NextGeneration(parts.writer->authored());
  parts.position.revision = LocalRevision{state.generation} << 32;
  parts.position.names_revisions =
      parts.position.store_id + "." + ReadIncarnation(parts.writer->authored());
  parts.writer->BeginLog(parts.last_repair.authored_replaced || parts.last_repair.lost_power);
  if (auto repaired = RepairRows(*parts.writer); !repaired)
    return tl::unexpected<Error>(std::move(repaired.error()));
  state.open = true;
  state.store_id = parts.position.store_id;
  state.cache = NoteFile(parts.writer->cache(), parts.files.cache());
  state.authored = NoteFile(parts.writer->authored(), parts.files.authored());
  parts.SaveState();
  return {};
}

// An opening that failed may have met what the disk does not give: the next one then looks at every
// page, and decides what that means.
void NoteUnreadFiles(StoreParts& parts, StoreKeys keys) {
  const auto failed_to_read = [](Connection& file) { return MakesLogDoubtful(file.LastFailure()); };
  if (parts.writer != nullptr && !failed_to_read(parts.writer->cache()) &&
      !failed_to_read(parts.writer->authored()))
    return;
  parts.writer.reset();
  StoreState noted = ReadStoreState(parts.files.state());
  const StoreState before = noted;
  const WallTime now = parts.options.clock->WallNow();
  NoteUnread(parts.files.cache(), keys.cache, noted.cache, now);
  NoteUnread(parts.files.authored(), keys.authored, noted.authored, now);
  if (noted != before) (void)WriteStoreState(parts.files.state(), noted);
}

}  // namespace

Result<void> OpenFiles(StoreParts& parts) {
  return Catching([&parts]() -> Result<void> {
    const StoreKeys keys{parts.options.cache_key, parts.options.authored_key};
    if (auto prepared = Prepare(parts, keys, Suspects::kNone); !prepared) return prepared;
    auto opened = Catching([&] { return OpenWriter(parts, keys); });
    // What opening needs is on a damaged page: of authored.db maybe, and once that is mended, of
    // cache.db too. A cache that was just made anew is not to blame.
    for (int look = 0; look < 2; ++look) {
      if (opened || opened.error().code != ErrorCode::kCorrupt) break;
      parts.writer.reset();
      const bool is_new = parts.last_repair.cache_replaced;
      auto prepared = Prepare(parts, keys, is_new ? Suspects::kAuthored : Suspects::kEither);
      if (!prepared) return prepared;
      parts.damage.Settle(File::kCache);
      parts.damage.Settle(File::kAuthored);
      opened = Catching([&] { return OpenWriter(parts, keys); });
    }
    if (!opened && opened.error().code == ErrorCode::kResourceExhausted)
      NoteUnreadFiles(parts, keys);
    return opened;
  });
}

}  // namespace hark::store
