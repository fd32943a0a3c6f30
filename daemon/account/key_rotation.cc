// AccountManager: another master key, and, if asked, another key for every file.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "daemon/account/account_files.h"
#include "daemon/account/account_folders.h"
#include "daemon/account/account_manager.h"
#include "daemon/base/log.h"
#include "daemon/store/clear_files.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/reencryption.h"

namespace hark::account {
namespace {

constexpr const char* kFiles[] = {kCacheFile, kAuthoredFile};

}  // namespace

// One after another: what is left to do, and what was done.
struct AccountManager::Rotation {
  KeyCare::Done<RotateOutcome> done;
  RotateOutcome outcome;
  bool full = false;
  std::vector<std::pair<std::string, std::string>> files;  // Folder and name.
  std::size_t next = 0;
};

void AccountManager::Rotate(RotateRequest request, KeyCare::Done<RotateOutcome> done) {
  asio::post(options_.io, [this, request = std::move(request), done = std::move(done)]() mutable {
    BeginRotation(request, std::move(done));
  });
}

void AccountManager::BeginRotation(const RotateRequest& request,
                                   KeyCare::Done<RotateOutcome> done) {
  std::optional<keys::KeyKind> to;
  if (!request.to.empty() && !(to = keys::KeyKindOf(request.to)))
    return done(Fail(ErrorCode::kInvalidArgument, "There is no such kind of key store."));
  if (signing_in_ || opening_) {
    return done(
        Fail(ErrorCode::kResourceExhausted, "An account is being opened or closed. Try again."));
  }
  signing_in_ = request.full;  // Nobody opens another account meanwhile.
  auto rotation = std::make_shared<Rotation>();
  rotation->done = std::move(done);
  rotation->full = request.full;
  keeper_.Ask(
      [to, full = request.full, rotation](keys::Vault& vault) -> Result<bool> {
        auto dropped = vault.Rotate(to);
        if (!dropped || !full) return dropped;
        const auto folders = vault.Accounts();
        if (!folders) return tl::unexpected(folders.error());
        for (const std::string& folder : *folders) {
          for (const char* file : kFiles) rotation->files.emplace_back(folder, file);
        }
        return dropped;
      },
      [this, rotation](const Result<bool>& dropped) {
        if (!dropped) return EndRotation(*rotation, tl::unexpected(dropped.error()));
        rotation->outcome.generation = keeper_.Status().generation;
        rotation->outcome.recovery_code_dropped = *dropped;
        NextFile(rotation);
      });
}

void AccountManager::NextFile(const std::shared_ptr<Rotation>& rotation) {
  if (stopped_) return EndRotation(*rotation, Fail(ErrorCode::kCancelled, "harkd is stopping."));
  if (rotation->next == rotation->files.size()) return EndRotation(*rotation, {});
  const auto& [folder, file] = rotation->files[rotation->next];
  if (session_ && folder == folder_) return ReencryptOpen(rotation, folder, file);
  keeper_.Ask(
      [data_dir = options_.data_dir, folder, file](keys::Vault& vault) -> Result<void> {
        return ReencryptClosedFile(vault, data_dir, folder, file);
      },
      [this, rotation](const Result<void>& written) { FinishFile(rotation, written); });
}

// Of an account that nobody has open. On the vault's thread.
Result<void> AccountManager::ReencryptClosedFile(keys::Vault& vault,
                                                 const std::filesystem::path& data_dir,
                                                 const std::string& folder,
                                                 const std::string& file) {
  // Files that are about to count, or to go, are under the keys of now.
  if (auto settled = SettleFiles(vault, data_dir, folder); !settled)
    return tl::unexpected(settled.error());
  auto files = FindFiles(vault, data_dir, folder);
  if (!files) return tl::unexpected(std::move(files.error()));
  const store::StoreFiles paths(AccountFolder(data_dir, folder));
  if (!store::Exists(paths.folder() / file)) {
    // It is made at the next opening. One that is merely away still needs the key that it is under.
    if (!files->made || (file == kCacheFile && store::IsClearing(paths))) return {};
    return Fail(ErrorCode::kCorrupt, "The file " + (paths.folder() / file).string() +
                                         " is not there; nothing was changed.");
  }
  const auto key = vault.BeginNewKey(folder, file);
  if (!key) return tl::unexpected(key.error());
  const Secret& old_key = file == kCacheFile ? files->cache_key : files->authored_key;
  const std::filesystem::path path = data_dir / "accounts" / folder / file;
  if (auto written = store::ReencryptClosed(path, old_key, key->key); !written) return written;
  if (auto finished = vault.FinishNewKey(folder, file); !finished) return finished;
  return store::RemoveOldCopies(path.parent_path());
}

void AccountManager::ReencryptOpen(const std::shared_ptr<Rotation>& rotation,
                                   const std::string& folder, const std::string& file) {
  keeper_.Ask(
      [data_dir = options_.data_dir, folder, file](keys::Vault& vault) -> Result<keys::FileKey> {
        // Settles what was begun before.
        const auto files = FindFiles(vault, data_dir, folder);
        if (!files) return tl::unexpected(files.error());
        return vault.BeginNewKey(folder, file);
      },
      [this, rotation, folder, file](Result<keys::FileKey> key) {
        if (!key) return FinishFile(rotation, tl::unexpected(key.error()));
        if (!session_) return FinishFile(rotation, Fail(ErrorCode::kCancelled, "It was closed."));
        session_->Reencrypt(
            file == kCacheFile ? store::File::kCache : store::File::kAuthored, std::move(key->key),
            [this, rotation, folder, file](const Result<std::uint64_t>& written) {
              // On the writer's thread.
              keeper_.Ask(
                  [data_dir = options_.data_dir, folder, file,
                   written](keys::Vault& vault) -> Result<void> {
                    if (!written) {
                      (void)FindFiles(vault, data_dir, folder);  // Drops the new key.
                      return tl::unexpected(written.error());
                    }
                    if (auto finished = vault.FinishNewKey(folder, file); !finished)
                      return finished;
                    return store::RemoveOldCopies(data_dir / "accounts" / folder);
                  },
                  [this, rotation](const Result<void>& done) { FinishFile(rotation, done); });
            });
      });
}

void AccountManager::FinishFile(const std::shared_ptr<Rotation>& rotation,
                                const Result<void>& written) {
  if (!written) return EndRotation(*rotation, written);
  ++rotation->outcome.files;
  ++rotation->next;
  NextFile(rotation);
}

void AccountManager::EndRotation(Rotation& rotation, const Result<void>& result) {
  if (rotation.full) signing_in_ = false;
  if (!result) return rotation.done(tl::unexpected(result.error()));
  if (rotation.outcome.files > 0)
    log::Info("files_reencrypted", {{"files", rotation.outcome.files}});
  rotation.done(rotation.outcome);
}

}  // namespace hark::account
