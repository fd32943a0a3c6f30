// Vault: the keys of database files, and small secrets.

#include <system_error>

#include "daemon/base/hex.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/keys/vault.h"

namespace hark::keys {
namespace {

constexpr const char* kFiles[] = {"cache.db", "authored.db"};
constexpr std::size_t kFolderNameBytes = 16;
constexpr char kToken[] = "token";

tl::unexpected<Error> NoSuchFile() {
  return Fail(ErrorCode::kNotFound, "There is no such account or file.");
}

// Null: there is none.
FileKeys* Find(RingContent& content, const std::string& folder, const std::string& file) {
  const auto account = content.accounts.find(folder);
  if (account == content.accounts.end()) return nullptr;
  const auto keys = account->second.files.find(file);
  return keys == account->second.files.end() ? nullptr : &keys->second;
}

AccountKeys Clone(const AccountKeys& account) {
  AccountKeys copy;
  copy.made = account.made;
  for (const auto& [file, keys] : account.files) {
    FileKeys both{{keys.current.generation, keys.current.key.Clone()}, std::nullopt};
    if (keys.next) both.next = FileKey{keys.next->generation, keys.next->key.Clone()};
    copy.files.emplace(file, std::move(both));
  }
  return copy;
}

}  // namespace

Result<std::string> Vault::FolderOf(const std::string& backend_url, const std::string& user) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  const Secret digest =
      DeriveKey(opened->content.names, "hark/account-folder\n" + backend_url + "\n" + user);
  return ToHex(digest.bytes().substr(0, kFolderNameBytes));
}

Result<Secret> Vault::BackupKey() {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  return DeriveKey(opened->content.names, "hark/backup");
}

Result<AccountKeys> Vault::KeysOf(const std::string& folder) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  // The keys are right without it; it is tried again each time.
  if (auto cleaned = CleanUp(*opened); !cleaned)
    log::Warning("old_key_not_removed", {{"why", cleaned.error()}});
  auto& accounts = opened->content.accounts;
  if (const auto known = accounts.find(folder); known != accounts.end())
    return Clone(known->second);
  if (accounts.size() >= limits::kKeyAccounts)
    return Fail(ErrorCode::kResourceExhausted, "There are too many accounts on this machine.");
  AccountKeys account;
  std::error_code error;
  // From before there were key rings, when the keys of files were derived from the master key.
  account.made = std::filesystem::exists(options_.data_dir / "accounts" / folder, error);
  for (const char* file : kFiles) {
    Secret key = account.made ? DeriveKey(opened->content.names, "hark/" + folder + "/" + file)
                              : Secret::Random(kMasterKeyBytes);
    account.files.emplace(file, FileKeys{{1, std::move(key)}, std::nullopt});
  }
  accounts.emplace(folder, Clone(account));
  if (auto saved = Save(*opened); !saved) return tl::unexpected(std::move(saved.error()));
  return account;
}

Result<void> Vault::SetMade(const std::string& folder) {
  return Change([&folder](RingContent& content) -> Result<void> {
    const auto account = content.accounts.find(folder);
    if (account == content.accounts.end()) return NoSuchFile();
    account->second.made = true;
    return {};
  });
}

Result<Secret> Vault::RenewKey(const std::string& folder, const std::string& file) {
  Secret made = Secret::Random(kMasterKeyBytes);
  auto changed = Change([&](RingContent& content) -> Result<void> {
    FileKeys* keys = Find(content, folder, file);
    if (keys == nullptr) return NoSuchFile();
    const FileKey& newest = keys->next ? *keys->next : keys->current;
    keys->current = FileKey{newest.generation + 1, made.Clone()};
    keys->next.reset();
    return {};
  });
  if (!changed) return tl::unexpected(std::move(changed.error()));
  return made;
}

Result<FileKey> Vault::BeginNewKey(const std::string& folder, const std::string& file) {
  FileKey made{0, Secret::Random(kMasterKeyBytes)};
  auto changed = Change([&](RingContent& content) -> Result<void> {
    FileKeys* keys = Find(content, folder, file);
    if (keys == nullptr) return NoSuchFile();
    if (keys->next)
      return Fail(ErrorCode::kConflict, "A new key was begun before and is not settled yet.");
    made.generation = keys->current.generation + 1;
    keys->next = FileKey{made.generation, made.key.Clone()};
    return {};
  });
  if (!changed) return tl::unexpected(std::move(changed.error()));
  return made;
}

Result<void> Vault::FinishNewKey(const std::string& folder, const std::string& file) {
  return Change([&](RingContent& content) -> Result<void> {
    FileKeys* keys = Find(content, folder, file);
    if (keys == nullptr) return NoSuchFile();
    if (!keys->next) return {};
    keys->current = std::move(*keys->next);
    keys->next.reset();
    return {};
  });
}

Result<void> Vault::DropNewKey(const std::string& folder, const std::string& file) {
  return Change([&](RingContent& content) -> Result<void> {
    FileKeys* keys = Find(content, folder, file);
    if (keys == nullptr) return NoSuchFile();
    keys->next.reset();
    return {};
  });
}

Result<void> Vault::ForgetAccount(const std::string& folder) {
  return Change([&folder](RingContent& content) -> Result<void> {
    content.accounts.erase(folder);
    return {};
  });
}

Result<std::vector<std::string>> Vault::Accounts() {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  std::vector<std::string> folders;
  for (const auto& [folder, unused] : opened->content.accounts) folders.push_back(folder);
  return folders;
}

Result<std::optional<Secret>> Vault::LoadSecret(const std::string& name) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  const auto found = opened->content.secrets.find(name);
  if (found == opened->content.secrets.end()) return std::nullopt;
  return std::move(found->second);
}

Result<void> Vault::StoreSecret(const std::string& name, const Secret& secret) {
  if (secret.bytes().size() > limits::kKeySecretBytes)
    return Fail(ErrorCode::kInvalidArgument, "a secret has at most 64 KiB");
  return Change([&](RingContent& content) -> Result<void> {
    content.secrets.erase(name);
    if (!secret.empty()) content.secrets.emplace(name, secret.Clone());
    return {};
  });
}

Result<std::optional<Secret>> Vault::LoadToken() {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  KeySource& source = Source(opened->ring.kind);
  if (source.keeps_tokens()) return source.LoadToken(opened->ring.label.store);
  const auto found = opened->content.secrets.find(kToken);
  if (found == opened->content.secrets.end()) return std::nullopt;
  return std::move(found->second);
}

Result<void> Vault::StoreToken(const Secret& token) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  KeySource& source = Source(opened->ring.kind);
  if (!source.keeps_tokens()) return StoreSecret(kToken, token);
  return source.StoreToken(opened->ring.label.store, token);
}

}  // namespace hark::keys
