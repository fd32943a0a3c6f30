#include "daemon/store/store_files.h"

#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/uuid.h"
#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

fs::path NewNameOf(const fs::path& file) {
  return file.string() + ".new";
}

bool Exists(const fs::path& file) {
  std::error_code error;
  return fs::exists(fs::symlink_status(file, error));
}

std::uint64_t SizeOf(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

Result<void> MakeEmptyFile(const fs::path& file) {
  // Mode 0600 from the first moment; SQLite gives its -wal and -shm the mode of the file.
  const int descriptor =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return Fail(ErrorCode::kInternal,
                "a database file cannot be made in " + file.parent_path().string());
  ::close(descriptor);
  return {};
}

void SyncFolder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

Result<void> Create(const fs::path& file, const Secret& key,
                    const std::vector<Migration>& migrations, const std::string& store_id) {
  // What an interrupted creation left was never a store.
  std::error_code error;
  fs::remove(file, error);
  fs::remove(file.string() + "-journal", error);
  if (auto made = MakeEmptyFile(file); !made) return made;
  Connection connection(file, key, Access::kCreate, Durability::kAuthored);
  if (auto migrated = Migrate(connection, migrations); !migrated) return migrated;
  InsertStoreInfo(connection, store_id);
  return {};
}

Result<void> Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return Fail(ErrorCode::kInternal, "a database file cannot be made: " + error.message());
  SyncFolder(to.parent_path());
  return {};
}

Result<std::string> Probe(const fs::path& file, const Secret& key,
                          const std::vector<Migration>& migrations) {
  if (SizeOf(file) == 0) {
    return Fail(ErrorCode::kCorrupt, file.filename().string() + " is empty; it was not touched");
  }
  auto probed = Catching([&]() -> Result<std::string> {
    Connection connection(file, key, Access::kProbe, Durability::kAuthored);
    if (auto known = CheckVersion(connection, migrations); !known)
      return tl::unexpected<Error>(known.error());
    return ReadStoreId(connection);
  });
  if (!probed) probed.error().message = file.filename().string() + ": " + probed.error().message;
  return probed;
}

}  // namespace

Result<std::string> StoreFiles::Prepare(const Secret& cache_key, const Secret& authored_key,
                                        WallTime now) const {
  if (!IsUsableCipherVersion(CipherVersion())) {
    return Fail(ErrorCode::kInternal, "this program runs with a SQLCipher older than 4.5");
  }
  if (auto folder = MakeFolder(); !folder) return tl::unexpected<Error>(folder.error());
  const bool has_cache = Exists(cache());
  const bool has_authored = Exists(authored());
  if (has_cache && has_authored) return ProbeBoth(cache(), cache_key, authored_key);
  if (has_authored && Exists(NewNameOf(cache()))) {
    auto id = ProbeBoth(NewNameOf(cache()), cache_key, authored_key);
    if (!id) return id;
    if (auto renamed = Rename(NewNameOf(cache()), cache()); !renamed)
      return tl::unexpected<Error>(renamed.error());
    return id;
  }
  if (has_cache || has_authored) {
    return Fail(ErrorCode::kCorrupt,
                (has_cache ? authored() : cache()).filename().string() +
                    " is missing beside the other file of the store; nothing was touched");
  }
  // A log without its database: somebody moved the database away.
  if (Exists(cache().string() + "-wal") || Exists(authored().string() + "-wal")) {
    return Fail(ErrorCode::kCorrupt,
                "the database files are missing beside their logs; nothing was touched");
  }
  if (auto created = CreateBoth(cache_key, authored_key, now); !created)
    return tl::unexpected<Error>(created.error());
  return ProbeBoth(cache(), cache_key, authored_key);
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

Result<void> StoreFiles::CreateBoth(const Secret& cache_key, const Secret& authored_key,
                                    WallTime now) const {
  return Catching([&]() -> Result<void> {
    const std::string store_id = NewUuidV7(now);
    if (auto made = Create(NewNameOf(cache()), cache_key, CacheMigrations(), store_id); !made)
      return made;
    if (auto made = Create(NewNameOf(authored()), authored_key, AuthoredMigrations(), store_id);
        !made)
      return made;
    if (auto renamed = Rename(NewNameOf(authored()), authored()); !renamed) return renamed;
    return Rename(NewNameOf(cache()), cache());
  });
}

Result<std::string> StoreFiles::ProbeBoth(const fs::path& cache, const Secret& cache_key,
                                          const Secret& authored_key) const {
  auto authored_id = Probe(authored(), authored_key, AuthoredMigrations());
  if (!authored_id) return authored_id;
  auto cache_id = Probe(cache, cache_key, CacheMigrations());
  if (!cache_id) return cache_id;
  if (*cache_id != *authored_id) {
    return Fail(ErrorCode::kCorrupt,
                "cache.db and authored.db are of two different stores; nothing was touched");
  }
  return cache_id;
}

std::uint64_t StoreFiles::CacheBytes() const {
  return SizeOf(cache()) + SizeOf(cache().string() + "-wal");
}

std::uint64_t StoreFiles::AuthoredBytes() const {
  return SizeOf(authored()) + SizeOf(authored().string() + "-wal");
}

}  // namespace hark::store
