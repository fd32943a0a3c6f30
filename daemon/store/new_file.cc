#include "daemon/store/new_file.h"

#include <system_error>

#include <fcntl.h>

#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {

Result<void> MakeEmptyFile(const std::filesystem::path& file) {
  RemoveNewFile(file);
  // Mode 0600 from the first moment; SQLite gives its -wal and -shm the mode of the file.
  const Descriptor made(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (made.valid()) return {};
  return Fail(ErrorCode::kInternal,
              "a database file cannot be made in " + file.parent_path().string());
}

Result<void> MakeNewFile(const std::filesystem::path& file, const Secret& key,
                         const std::vector<Migration>& migrations, const std::string& store_id) {
  if (auto made = MakeEmptyFile(file); !made) return made;
  return Catching([&]() -> Result<void> {
    Connection connection(file, key, Access::kCreate, Durability::kAuthored);
    // Nobody uses the file before it is whole and gets its name: the last commit syncs all of it.
    connection.Execute("PRAGMA journal_mode = MEMORY");
    connection.Execute("PRAGMA synchronous = OFF");
    if (auto migrated = Migrate(connection, migrations); !migrated) return migrated;
    connection.Execute("PRAGMA synchronous = FULL");
    InsertStoreInfo(connection, store_id);
    return {};
  });
}

void RemoveNewFile(const std::filesystem::path& file) {
  std::error_code error;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"})
    std::filesystem::remove(file.string() + suffix, error);
}

}  // namespace hark::store
