// Puts a database file away without deleting it (guarantee G8).

#ifndef HARK_DAEMON_STORE_SET_ASIDE_H_
#define HARK_DAEMON_STORE_SET_ASIDE_H_

#include <filesystem>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"

namespace hark::store {

// A new folder below `store`/set-aside, named after `now` in UTC. All of them are kept: who sets
// something aside says in the log how much they hold.
[[nodiscard]] Result<std::filesystem::path> MakeAsideFolder(const std::filesystem::path& store,
                                                            WallTime now);

// Renames a database and its sidecars (-wal, -shm, -journal), as far as they are there, into
// `folder`; the database first, so that it is never found without its log.
[[nodiscard]] Result<void> SetAside(const std::filesystem::path& database,
                                    const std::filesystem::path& folder);

// Of everything that was ever set aside in this store.
[[nodiscard]] std::uint64_t AsideBytes(const std::filesystem::path& store);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SET_ASIDE_H_
