#include "daemon/account/account_files.h"

#include <utility>

#include "daemon/account/account_folders.h"
#include "daemon/base/log.h"
#include "daemon/store/file_key.h"

namespace hark::account {
namespace {

constexpr char kSession[] = "session";

// The key of a file, once it is settled which of two it is.
Result<Secret> Settle(keys::Vault& vault, const std::filesystem::path& folder,
                      const std::string& file, keys::FileKeys& keys) {
  if (!keys.next) return std::move(keys.current.key);
  const std::string name = folder.filename();
  if (store::IsUnderKey(folder / file, keys.next->key)) {
    if (auto done = vault.FinishNewKey(name, file); !done) return tl::unexpected(done.error());
    log::Info("new_key_finished", {{"generation", keys.next->generation}});
    return std::move(keys.next->key);
  }
  // Only if it is known to be under the old one: a file that is not there just now may come back.
  if (store::IsUnderKey(folder / file, keys.current.key)) {
    store::RemoveReencrypted(folder / file);
    if (auto done = vault.DropNewKey(name, file); !done) return tl::unexpected(done.error());
  }
  return std::move(keys.current.key);
}

}  // namespace

Result<AccountFiles> FindFiles(keys::Vault& vault, const std::filesystem::path& data_dir,
                               const std::string& name) {
  auto keys = vault.KeysOf(name);
  if (!keys) return tl::unexpected(std::move(keys.error()));
  AccountFiles files;
  files.name = name;
  files.made = keys->made;
  for (auto& [file, both] : keys->files) {
    auto key = Settle(vault, data_dir / "accounts" / name, file, both);
    if (!key) return tl::unexpected(std::move(key.error()));
    (file == kCacheFile ? files.cache_key : files.authored_key) = std::move(*key);
  }
  auto backup_key = vault.BackupKey();
  if (!backup_key) return tl::unexpected(std::move(backup_key.error()));
  files.backup_key = std::move(*backup_key);
  return files;
}

Result<AccountFiles> FindFilesToOpen(keys::Vault& vault, const std::filesystem::path& data_dir,
                                     const SessionRecord& record) {
  const auto name = vault.FolderOf(record.backend_url, record.user.value());
  if (!name) return tl::unexpected(name.error());
  if (const auto settled = SettleFiles(vault, data_dir, *name); !settled)
    return tl::unexpected(settled.error());
  return FindFiles(vault, data_dir, *name);
}

Result<AccountFiles> FindFiles(keys::Vault& vault, const std::filesystem::path& data_dir,
                               const SessionRecord& record) {
  const auto name = vault.FolderOf(record.backend_url, record.user.value());
  if (!name) return tl::unexpected(name.error());
  return FindFiles(vault, data_dir, *name);
}

Result<std::optional<SessionRecord>> LoadSession(keys::Vault& vault) {
  const auto bytes = vault.LoadSecret(kSession);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::kNotFound) return std::nullopt;
    return tl::unexpected(bytes.error());
  }
  if (!*bytes) return std::nullopt;
  auto record = ParseSessionRecord(**bytes);
  if (!record) return tl::unexpected(std::move(record.error()));
  auto token = vault.LoadToken();
  if (!token) return tl::unexpected(std::move(token.error()));
  if (*token) record->token = std::move(**token);
  return std::optional<SessionRecord>(std::move(*record));
}

Result<void> SaveSession(keys::Vault& vault, const SessionRecord& record) {
  const SessionRecord without{record.backend_url, record.user, record.device_id, Secret()};
  if (auto saved = vault.StoreToken(record.token); !saved) return saved;
  return vault.StoreSecret(kSession, Serialize(without));
}

Result<void> EndSession(keys::Vault& vault, const std::string& name) {
  const auto bytes = vault.LoadSecret(kSession);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return {};
  const auto record = ParseSessionRecord(**bytes);
  if (!record) return tl::unexpected(record.error());
  const auto folder = vault.FolderOf(record->backend_url, record->user.value());
  if (!folder) return tl::unexpected(folder.error());
  if (*folder != name) return {};
  if (auto ended = vault.StoreToken(Secret()); !ended) return ended;
  return vault.StoreSecret(kSession, Secret());
}

}  // namespace hark::account
