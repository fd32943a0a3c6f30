#include "daemon/store/store_copy.h"

#include <atomic>
#include <system_error>
#include <utility>

#include "daemon/store/connection.h"
#include "daemon/store/new_file.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

fs::path CopiesOf(const StoreFiles& files) {
  return files.folder() / "copies";
}

}  // namespace

Result<CopyFolder> CopyFolder::Make(const StoreFiles& files) {
  static std::atomic<std::uint64_t> made = 0;
  CopyFolder folder(CopiesOf(files) / std::to_string(++made));
  if (auto done = MakePrivateFolder(folder.path()); !done)
    return tl::unexpected<Error>(std::move(done.error()));
  return folder;
}

CopyFolder::CopyFolder(CopyFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

CopyFolder::~CopyFolder() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
}

void RemoveCopies(const StoreFiles& files) {
  std::error_code error;
  fs::remove_all(CopiesOf(files), error);
}

Result<void> CopyDatabase(Connection& from, const fs::path& to, const Secret& key,
                          const std::function<bool()>& stop) {
  if (auto made = MakeEmptyFile(to); !made) return made;
  return Catching([&]() -> Result<void> {
    Connection target(to, key, Access::kCreate, Durability::kAuthored);
    from.CopyInto(target, stop);
    return {};
  });
}

}  // namespace hark::store
