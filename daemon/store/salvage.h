// Makes a new database file out of what is readable of a damaged one.

#ifndef HARK_DAEMON_STORE_SALVAGE_H_
#define HARK_DAEMON_STORE_SALVAGE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/page_source.h"
#include "daemon/store/state_file.h"

namespace hark::store {

struct SalvageReport {
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  std::uint64_t authored_rows = 0;  // Of every table of authored.db but store_info.
  std::uint64_t damaged_pages = 0;  // Seen on the way; not every page is looked at.
};

// What the store_info row of a damaged file says, if it is readable.
struct SalvagedInfo {
  std::string store_id;
  std::uint32_t generation = 0;  // Of authored.db.
};
// What a salvage works on.
struct DamagedFile {
  std::filesystem::path file;  // May be missing.
  const Secret& key;
  NotedFile& noted;  // If the disk does not give all of it, that is noted.
  LogPart part = LogPart::kWhole;
  WallTime now;

  [[nodiscard]] PageSource Pages(LogPart part_to_use) const {
    return {file, key, noted.salt, part_to_use, JudgeUnread(noted, now)};
  }
};
[[nodiscard]] Result<std::optional<SalvagedInfo>> SalvageInfo(const DamagedFile& damaged,
                                                              bool is_cache);

// Writes `fresh`, a path at which there is nothing, as a complete cache.db of `store_id` with every
// readable row of `damaged`. It has no cursor, every row is marked for comparison, and each
// sequence that is not there is a gap (of the reason that the old file gave, else kNotFetched).
// Whether the first sync was done is kept if it can be read.
//
// `damaged.part`: kIndexed or kWhole. Nothing of a file of another store is taken. The damaged file
// is not changed and may be missing: the new one is then empty. kResourceExhausted: disk full, or
// reading fails, which is no damage until it lasts (JudgeUnread()); then `fresh` is gone again.
[[nodiscard]] Result<SalvageReport> SalvageCache(const DamagedFile& damaged,
                                                 const std::filesystem::path& fresh,
                                                 const std::string& store_id);

// The same for authored.db. `generation`: at least this one is written, so that revisions rise on.
[[nodiscard]] Result<SalvageReport> SalvageAuthored(const DamagedFile& damaged,
                                                    const std::filesystem::path& fresh,
                                                    const std::string& store_id,
                                                    std::uint32_t generation);

// The error of a salvage that could not read all of the damaged file; nothing if it could.
[[nodiscard]] Result<void> CheckReading(const DamagedFile& damaged, const PageSource& pages);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SALVAGE_H_
