#include "daemon/store/opening.h"

#include <memory>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/row_repair.h"
#include "daemon/store/schema_upgrade.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/store_repair.h"

namespace hark::store {
namespace {

// Checks both files and mends what the check finds.
Result<void> Prepare(StoreParts& parts, StoreKeys keys, bool replace_cache) {
  StoreState& state = parts.state;
  state.boot_id = parts.options.boot_id.empty() ? ReadBootId() : parts.options.boot_id;
  auto prepared =
      parts.files.Prepare(keys, parts.options.clock->WallNow(), state.boot_id, replace_cache);
  if (!prepared) return tl::unexpected<Error>(std::move(prepared.error()));
  LogRepair(prepared->repair);
  // The second time round, authored.db may have been mended before.
  prepared->repair.authored_replaced =
      prepared->repair.authored_replaced || parts.last_repair.authored_replaced;
  prepared->repair.authored_rows += parts.last_repair.authored_rows;
  parts.last_repair = std::move(prepared->repair);
  parts.position.store_id = std::move(prepared->store_id);
  return {};
}

Result<void> OpenWriter(StoreParts& parts, StoreKeys keys) {
  if (auto upgraded = UpgradeSchemas(parts.files, keys); !upgraded)
    return tl::unexpected<Error>(std::move(upgraded.error()));
  parts.writer = std::make_unique<GroupWriter>(parts.Opens(File::kCache, Access::kWrite),
                                               parts.Opens(File::kAuthored, Access::kWrite),
                                               *parts.options.clock, parts.position, parts.damage);
  if (parts.last_repair.lost_power) parts.writer->EmptyLogs();
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

}  // namespace

Result<void> OpenFiles(StoreParts& parts) {
  return Catching([&parts]() -> Result<void> {
    const StoreKeys keys{parts.options.cache_key, parts.options.authored_key};
    if (auto prepared = Prepare(parts, keys, false); !prepared) return prepared;
    auto opened = Catching([&] { return OpenWriter(parts, keys); });
    if (opened || opened.error().code != ErrorCode::kCorrupt) return opened;
    // What opening needs of the cache is on a damaged page. Of authored.db every page was checked.
    parts.writer.reset();
    if (auto prepared = Prepare(parts, keys, true); !prepared) return prepared;
    return OpenWriter(parts, keys);
  });
}

}  // namespace hark::store
