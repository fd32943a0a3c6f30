#include "daemon/store/reencryption.h"

#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/connection.h"
#include "daemon/store/file_key.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_copy.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

// There are no rows anywhere but in the file then. A reader that is in the log ends soon.
Result<void> EmptyLog(Connection& source) {
  if (source.CheckpointAndTruncate()) return {};
  return Fail(ErrorCode::kResourceExhausted, "The database is busy. Try again.");
}

// Of one with an empty log. The new file is complete and synced.
Result<void> MakeCopy(Connection& source, const fs::path& file, const Secret& key) {
  if (auto made = MakeEmptyFile(ReencryptedName(file)); !made) return made;
  CopyInto(source, ReencryptedName(file), key);
  return {};
}

// Its log is empty, and stays where it is: that a log is missing would look like damage.
Result<void> TakeCopy(const fs::path& file) {
  if (SizeOf(file.string() + "-wal") > 0)
    return Fail(ErrorCode::kInternal, "the log is not empty although nobody writes");
  return Rename(ReencryptedName(file), file);
}

Secret& KeyOf(StoreParts& parts, File file) {
  return file == File::kCache ? parts.options.cache_key : parts.options.authored_key;
}

Result<std::uint64_t> Reencrypt(StoreParts& parts, File file, const Secret& key) {
  const bool cache = file == File::kCache;
  const fs::path path = cache ? parts.files.cache() : parts.files.authored();
  auto done = Catching([&]() -> Result<void> {
    if (auto open = parts.writer->EnsureOpen(); !open) return open;
    Connection& source = cache ? parts.writer->cache() : parts.writer->authored();
    // Reads that follow on each other without a pause may keep the log in use: then they wait.
    auto emptied = EmptyLog(source);
    if (!emptied) emptied = parts.readers->WithoutReaders([&source] { return EmptyLog(source); });
    return emptied ? MakeCopy(source, path, key) : emptied;
  });
  if (done) {
    done = parts.writer->ReplaceBoth([&] {
      return parts.readers->WithoutReaders([&]() -> Result<void> {
        if (auto taken = TakeCopy(path); !taken) return taken;
        const std::lock_guard lock(parts.mutex);
        KeyOf(parts, file) = key.Clone();
        return {};
      });
    });
  }
  if (!done) {
    RemoveReencrypted(path);
    return tl::unexpected<Error>(std::move(done.error()));
  }
  const std::lock_guard lock(parts.mutex);
  NotedFile& noted = cache ? parts.state.cache : parts.state.authored;
  noted = NoteFile(cache ? parts.writer->cache() : parts.writer->authored(), path);
  parts.SaveState();
  return SizeOf(path);
}

}  // namespace

void StartReencryption(StoreParts& parts, File file, Secret key, Writer::Done<std::uint64_t> done) {
  auto kept = std::make_shared<Secret>(std::move(key));
  parts.thread->RunAlone(
      [&parts, file, kept, done] {
        if (parts.repairing)
          return done(Fail(ErrorCode::kCancelled, "The cache is being repaired. Try again."));
        done(Catching([&] { return Reencrypt(parts, file, *kept); }));
      },
      [done] { done(Fail(ErrorCode::kCancelled, "the store is closing")); });
}

Result<void> ReencryptClosed(const fs::path& file, const Secret& old_key, const Secret& new_key) {
  auto done = Catching([&]() -> Result<void> {
    Connection source(file, old_key, Access::kWrite, Durability::kAuthored);
    if (auto emptied = EmptyLog(source); !emptied) return emptied;
    return MakeCopy(source, file, new_key);
  });
  if (done) done = TakeCopy(file);
  if (!done) RemoveReencrypted(file);
  return done;
}

Result<void> RemoveOldCopies(const fs::path& folder) {
  for (const char* name : {"backups", "set-aside"}) {
    std::error_code error;
    fs::remove_all(folder / name, error);
    if (error)
      return Fail(ErrorCode::kInternal,
                  "old copies of the files cannot be removed: " + error.message());
  }
  SyncFolder(folder);
  return {};
}

}  // namespace hark::store
