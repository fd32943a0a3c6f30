#include "daemon/account/account_files.h"

#include <string_view>
#include <utility>

#include "daemon/account/account_folders.h"
#include "daemon/base/log.h"
#include "daemon/store/file_key.h"

namespace hark::account {
namespace {

constexpr char kSession[] = "session";
// Between a token and whose it is; in neither.
constexpr char kBetween = ' ';

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

// The token without its owner; nothing: it is another's.
std::optional<Secret> OwnToken(const Secret& stored, const std::string& owner) {
  std::string_view bytes = stored.bytes();
  const std::size_t end = bytes.find(kBetween);
  // From before tokens said whose they are.
  if (end == std::string_view::npos) return stored.Clone();
  if (bytes.substr(0, end) != owner) return std::nullopt;
  return Secret(std::string(bytes.substr(end + 1)));
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
  if (*token) {
    const auto owner = vault.FolderOf(record->backend_url, record->user.value());
    if (!owner) return tl::unexpected(owner.error());
    if (auto own = OwnToken(**token, *owner)) record->token = std::move(*own);
  }
  return std::optional<SessionRecord>(std::move(*record));
}

Result<void> SaveToken(keys::Vault& vault, const SessionRecord& record) {
  if (record.token.empty()) return vault.StoreToken(Secret());
  const auto owner = vault.FolderOf(record.backend_url, record.user.value());
  if (!owner) return tl::unexpected(owner.error());
  std::string bytes;
  // One allocation: a growing string would leave copies of the token behind.
  bytes.reserve(owner->size() + 1 + record.token.bytes().size());
  bytes += *owner;
  bytes += kBetween;
  bytes += record.token.bytes();
  return vault.StoreToken(Secret(std::move(bytes)));
}

// Two writes, and each says whose it is: after a crash between them nobody is signed in.
Result<void> SaveSession(keys::Vault& vault, const SessionRecord& record) {
  const SessionRecord without{record.backend_url, record.user, record.device_id, Secret()};
  const auto before = vault.LoadToken();
  if (!before) return tl::unexpected(before.error());
  if (auto saved = SaveToken(vault, record); !saved) return saved;
  auto saved = vault.StoreSecret(kSession, Serialize(without));
  if (saved) return saved;
  // The record of before still counts, and so does its token.
  const Secret none;
  if (const auto put_back = vault.StoreToken(*before ? **before : none); !put_back)
    log::Warning("token_not_put_back", {{"why", put_back.error()}});
  return saved;
}

Result<void> EndSession(keys::Vault& vault, const std::string& name) {
  const auto bytes = vault.LoadSecret(kSession);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return {};
  // One that cannot be read is nobody's.
  if (const auto record = ParseSessionRecord(**bytes)) {
    const auto folder = vault.FolderOf(record->backend_url, record->user.value());
    if (!folder) return tl::unexpected(folder.error());
    if (*folder != name) return {};
  }
  if (auto ended = vault.StoreToken(Secret()); !ended) return ended;
  return vault.StoreSecret(kSession, Secret());
}

}  // namespace hark::account
