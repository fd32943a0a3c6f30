// Removing the local copy of the conversations from an account's folder, or all of the folder.
//
// Clearing has a mark, a small file that is written first, renamed when the files are gone, and
// removed when there is a cache again. Whoever finds it when the store is opened goes on where the
// process was ended: from the mark on there is no way back, and whatever it leaves is the cache as
// it was or none of it. authored.db is never touched.

#ifndef HARK_DAEMON_STORE_CLEAR_FILES_H_
#define HARK_DAEMON_STORE_CLEAR_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/backup.h"
#include "daemon/store/store_files.h"

namespace hark::store {

// Durable when it returns.
[[nodiscard]] Result<void> MarkClearing(const StoreFiles& files);
// It is not begun after all; or it is done.
void UnmarkClearing(const StoreFiles& files);
// It was begun, and there is no new cache yet.
[[nodiscard]] bool IsClearing(const StoreFiles& files);
// It was begun, and RemoveCacheFiles() has not come to its end.
[[nodiscard]] bool IsCacheToGo(const StoreFiles& files);

// After the mark, while nobody has the cache open: removes cache.db with its sidecars, unfinished
// new ones, those that were set aside, the backups of updates and copies under way. Answers how
// many bytes that was. Repeatable. kInternal: something cannot be removed.
[[nodiscard]] Result<std::uint64_t> RemoveCacheFiles(
    const StoreFiles& files, const AtPoint& at = [] {});

// After RemoveCacheFiles(): an empty cache.db, under a key that no removed file had, and the end of
// the mark. May throw SQLite::Exception. kResourceExhausted: disk full; the mark stays.
[[nodiscard]] Result<void> MakeClearedCache(
    const StoreFiles& files, const Secret& key, const std::string& store_id,
    const AtPoint& at = [] {});

// Removes an account's folder with everything in it; no error if there is none. Nobody has a file
// of it open. Answers how many bytes that was. kInternal: something cannot be removed.
[[nodiscard]] Result<std::uint64_t> RemoveFolder(const std::filesystem::path& folder);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CLEAR_FILES_H_
