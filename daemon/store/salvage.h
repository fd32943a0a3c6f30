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
[[nodiscard]] std::optional<SalvagedInfo> SalvageInfo(const std::filesystem::path& damaged,
                                                      const Secret& key, const NotedFile& noted,
                                                      bool is_cache);

// Writes `fresh`, a path at which there is nothing, as a complete cache.db of `store_id` with every
// readable row of `damaged`. It has no cursor, every row is marked for comparison, and each
// sequence that is not there is a gap (of the reason that the old file gave, else kNotFetched).
// Whether the first sync was done is kept if it can be read.
//
// `part`: kIndexed or kWhole. Nothing of a file of another store is taken. `damaged` is not changed
// and may be missing: the new file is then empty. kResourceExhausted: disk full; then `fresh` is
// gone again.
[[nodiscard]] Result<SalvageReport> SalvageCache(const std::filesystem::path& damaged,
                                                 const std::filesystem::path& fresh,
                                                 const Secret& key, const NotedFile& noted,
                                                 const std::string& store_id, LogPart part);

// The same for authored.db. `generation`: at least this one is written, so that revisions rise on.
[[nodiscard]] Result<SalvageReport> SalvageAuthored(const std::filesystem::path& damaged,
                                                    const std::filesystem::path& fresh,
                                                    const Secret& key, const NotedFile& noted,
                                                    const std::string& store_id,
                                                    std::uint32_t generation, LogPart part);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SALVAGE_H_
