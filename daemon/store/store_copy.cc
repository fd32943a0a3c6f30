#include "daemon/store/store_copy.h"

#include <atomic>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/store/connection.h"
#include "daemon/store/new_file.h"
#include "daemon/store/page_source.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/salvage_scan.h"

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

void CopyInto(Connection& from, const fs::path& to, const Secret& key,
              const std::function<bool()>& stop) {
  std::vector<std::uint32_t> zeros;
  {
    Connection target(to, key, Access::kCreate, Durability::kAuthored);
    zeros = from.CopyInto(target, stop);
  }
  if (zeros.empty()) return;
  const PageSource pages(to, key, "");
  const SalvageScan scan(pages, {});
  for (const std::uint32_t page : zeros) {
    if (!scan.IsFree(page)) from.FailAsDamaged();
  }
}

Result<void> CopyDatabase(Connection& from, const fs::path& to, const Secret& key,
                          const std::function<bool()>& stop) {
  if (auto made = MakeEmptyFile(to); !made) return made;
  CopyInto(from, to, key, stop);
  return {};
}

}  // namespace hark::store
