#include "daemon/account/account_folders.h"

#include <system_error>
#include <vector>

#include "daemon/account/account_files.h"
#include "daemon/base/log.h"
#include "daemon/store/clear_files.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/restore.h"
#include "daemon/store/store_copy.h"

namespace hark::account {
namespace {

namespace fs = std::filesystem;

constexpr char kForgotten[] = ".forgotten";
constexpr char kCleared[] = ".cleared";

}  // namespace

fs::path AccountFolder(const fs::path& data_dir, const std::string& name) {
  return data_dir / "accounts" / name;
}

Result<void> BeginRemoval(const fs::path& data_dir, const std::string& name, Removal removal) {
  const fs::path folder = AccountFolder(data_dir, name);
  const fs::path gone = folder.string() + (removal == Removal::kForgotten ? kForgotten : kCleared);
  // Of an earlier time, and with a file in it that could not be removed then.
  if (const auto removed = store::RemoveFolder(gone); !removed)
    return tl::unexpected(removed.error());
  if (store::Exists(folder)) return store::Rename(folder, gone);
  // Its keys have to go all the same, also if the process ends before they do.
  return store::MakePrivateFolder(gone);
}

Result<std::uint64_t> FinishRemovals(keys::Vault& vault, const fs::path& data_dir) {
  std::vector<fs::path> gone;
  std::error_code error;
  for (fs::directory_iterator entry(data_dir / "accounts", error), end; entry != end;
       entry.increment(error)) {
    const fs::path extension = entry->path().extension();
    if (extension == kForgotten || extension == kCleared) gone.push_back(entry->path());
  }
  std::uint64_t bytes = 0;
  for (const fs::path& folder : gone) {
    const std::string name = folder.stem().string();
    // Whose account began anew meanwhile, keeps what is of that one.
    const bool anew = store::Exists(AccountFolder(data_dir, name));
    if (folder.extension() == kForgotten && !anew) {
      if (auto ended = EndSession(vault, name); !ended) return tl::unexpected(ended.error());
    }
    if (!anew) {
      if (auto forgotten = vault.ForgetAccount(name); !forgotten)
        return tl::unexpected(forgotten.error());
    }
    const auto removed = store::RemoveFolder(folder);
    if (!removed) return removed;
    bytes += *removed;
  }
  return bytes;
}

Result<void> FinishRemovalsToOpen(keys::Vault& vault, const fs::path& data_dir) {
  const auto removed = FinishRemovals(vault, data_dir);
  if (removed || removed.error().code == ErrorCode::kNotFound) return {};
  if (removed.error().code != ErrorCode::kInternal) return tl::unexpected(removed.error());
  log::Warning("account_not_removed", {{"why", removed.error()}});
  return {};
}

Result<std::uint64_t> SettleFiles(keys::Vault& vault, const fs::path& data_dir,
                                  const std::string& name) {
  const store::StoreFiles files(AccountFolder(data_dir, name));
  if (!store::Exists(files.folder())) return 0;
  store::RemoveCopies(files);
  if (auto restored = store::FinishRestore(files); !restored)
    return tl::unexpected(restored.error());
  if (!store::IsCacheToGo(files)) return 0;
  if (const auto renewed = vault.RenewKey(name, kCacheFile); !renewed)
    return tl::unexpected(renewed.error());
  return store::RemoveCacheFiles(files);
}

Result<std::uint64_t> ClearClosedFiles(keys::Vault& vault, const fs::path& data_dir,
                                       const std::string& name) {
  // What was begun before has no way back.
  if (const auto settled = SettleFiles(vault, data_dir, name); !settled) return settled;
  const store::StoreFiles files(AccountFolder(data_dir, name));
  if (!store::Exists(files.folder())) return 0;
  if (const auto marked = store::MarkClearing(files); !marked)
    return tl::unexpected(marked.error());
  if (const auto renewed = vault.RenewKey(name, kCacheFile); !renewed) {
    store::UnmarkClearing(files);
    return tl::unexpected(renewed.error());
  }
  return store::RemoveCacheFiles(files);
}

}  // namespace hark::account
