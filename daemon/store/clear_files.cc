#include "daemon/store/clear_files.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/store/migrator.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr char kCachePrefix[] = "cache.db";

fs::path MarkOf(const StoreFiles& files) {
  return files.folder() / "clearing";
}

// The mark, once the files are gone: what is a cache from then on is a new one.
fs::path GoneMarkOf(const StoreFiles& files) {
  return files.folder() / "cleared";
}

// cache.db, its sidecars, and what was to become one.
bool IsOfCache(const fs::path& file) {
  return file.filename().string().starts_with(kCachePrefix);
}

// In the order in which they go: the database before its log, so that no reader of the folder takes
// an old state for the newest.
std::vector<fs::path> CacheFilesIn(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    if (IsOfCache(entry->path())) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::uint64_t> Remove(const fs::path& path) {
  std::error_code error;
  std::uint64_t bytes = 0;
  if (fs::is_directory(fs::symlink_status(path, error))) {
    for (fs::recursive_directory_iterator entry(path, error), end; entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file(error)) bytes += SizeOf(entry->path());
    }
  } else {
    bytes = SizeOf(path);
  }
  fs::remove_all(path, error);
  if (Exists(path)) return Fail(ErrorCode::kInternal, "a file of the account cannot be removed");
  return bytes;
}

}  // namespace

Result<void> MarkClearing(const StoreFiles& files) {
  return ReplaceFile(MarkOf(files), "");
}

void UnmarkClearing(const StoreFiles& files) {
  std::error_code error;
  fs::remove(MarkOf(files), error);
  fs::remove(GoneMarkOf(files), error);
  SyncFolder(files.folder());
}

bool IsClearing(const StoreFiles& files) {
  return IsCacheToGo(files) || Exists(GoneMarkOf(files));
}

bool IsCacheToGo(const StoreFiles& files) {
  return Exists(MarkOf(files));
}

Result<std::uint64_t> RemoveCacheFiles(const StoreFiles& files, const AtPoint& at) {
  std::vector<fs::path> going = CacheFilesIn(files.folder());
  std::error_code error;
  const fs::path aside = files.folder() / "set-aside";
  for (fs::directory_iterator entry(aside, error), end; entry != end; entry.increment(error)) {
    for (fs::path& file : CacheFilesIn(entry->path())) going.push_back(std::move(file));
  }
  // A backup of an update is of use with both its files only, and authored.db is there itself.
  for (const char* folder : {"backups", "copies"}) going.push_back(files.folder() / folder);
  std::uint64_t bytes = 0;
  for (const fs::path& path : going) {
    at();
    const Result<std::uint64_t> removed = Remove(path);
    if (!removed) return removed;
    bytes += *removed;
  }
  SyncFolder(files.folder());
  at();
  if (IsCacheToGo(files)) {
    if (auto gone = Rename(MarkOf(files), GoneMarkOf(files)); !gone)
      return tl::unexpected<Error>(std::move(gone.error()));
  }
  return bytes;
}

Result<void> MakeClearedCache(const StoreFiles& files, const Secret& key,
                              const std::string& store_id, const AtPoint& at) {
  const fs::path fresh = files.cache().string() + ".new";
  at();
  Result<void> made = MakeNewFile(fresh, key, CacheMigrations(), store_id);
  if (!made) {
    RemoveNewFile(fresh);
    return made;
  }
  at();
  if (made = Rename(fresh, files.cache()); !made) return made;
  at();
  UnmarkClearing(files);
  return {};
}

Result<std::uint64_t> RemoveFolder(const fs::path& folder) {
  const Result<std::uint64_t> removed = Remove(folder);
  SyncFolder(folder.parent_path());
  return removed;
}

}  // namespace hark::store
