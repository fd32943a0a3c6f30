// A database file made complete under a name that nobody opens yet.

#ifndef HARK_DAEMON_STORE_NEW_FILE_H_
#define HARK_DAEMON_STORE_NEW_FILE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/migrator.h"

namespace hark::store {

// An empty database of `store_id` with the newest schema, mode 0600. What an interrupted call left
// at `file` is replaced: it never was a store. May throw SQLite::Exception.
[[nodiscard]] Result<void> MakeNewFile(const std::filesystem::path& file, const Secret& key,
                                       const std::vector<Migration>& migrations,
                                       const std::string& store_id);

// A file without a byte, mode 0600, in the place of what an interrupted call left.
[[nodiscard]] Result<void> MakeEmptyFile(const std::filesystem::path& file);

// Takes back what MakeNewFile() made, journal included.
void RemoveNewFile(const std::filesystem::path& file);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_NEW_FILE_H_
