#include "daemon/keys/file_key_source.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/keys/private_file.h"
#include "daemon/keys/sealing.h"

namespace hark::keys {
namespace {

// The file: magic, key, check value. The check value tells a damaged key from a wrong one; being
// derived from all 256 random bits, it gives nothing away.
constexpr std::string_view kMagic = "HARKKEY1";
constexpr std::string_view kCheckContext = "hark/key-check/1";
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kFileBytes = kMagic.size() + kMasterKeyBytes + kCheckBytes;

constexpr std::size_t kNameMaxBytes = 64;

std::string Purpose(std::string_view name) {
  return "hark/secret/" + std::string(name);
}

Secret EncodeKeyFile(const Secret& master) {
  const Secret check = DeriveKey(master, kCheckContext);
  std::string bytes;
  bytes.reserve(kFileBytes);  // no reallocation, which would leave a copy of the key behind
  bytes.append(kMagic).append(master.bytes()).append(check.bytes().substr(0, kCheckBytes));
  return Secret(std::move(bytes));
}

Result<Secret> DecodeKeyFile(std::string_view bytes, const std::string& path) {
  if (bytes.size() != kFileBytes) {
    return Fail(ErrorCode::kCorrupt, "'" + path + "' is no Hark key: it has " +
                                         std::to_string(bytes.size()) + " bytes instead of " +
                                         std::to_string(kFileBytes));
  }
  if (!bytes.starts_with(kMagic)) return Fail(ErrorCode::kCorrupt, "'" + path + "' is no Hark key");
  Secret master(std::string(bytes.substr(kMagic.size(), kMasterKeyBytes)));
  const Secret expected = DeriveKey(master, kCheckContext);
  const Secret found(std::string(bytes.substr(kMagic.size() + kMasterKeyBytes)));
  if (!found.Equals(expected.bytes().substr(0, kCheckBytes))) {
    return Fail(ErrorCode::kCorrupt,
                "the key in '" + path + "' is damaged; restore the file from a backup");
  }
  return master;
}

}  // namespace

FileKeySource::FileKeySource(std::filesystem::path file) : file_(std::move(file)) {}

Result<Secret> FileKeySource::LoadMasterKey() {
  const Result<Secret> bytes = ReadPrivateFile(file_, kFileBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  return DecodeKeyFile(bytes->bytes(), file_.string());
}

Result<Secret> FileKeySource::CreateMasterKey() {
  Secret master = Secret::Random(kMasterKeyBytes);
  const Secret encoded = EncodeKeyFile(master);
  if (Result<void> created = CreatePrivateFile(file_, encoded.bytes()); !created) {
    return tl::unexpected(std::move(created).error());
  }
  return master;
}

Result<std::optional<Secret>> FileKeySource::LoadSecret(std::string_view name) {
  const Result<std::filesystem::path> path = SealedPath(name);
  if (!path) return tl::unexpected(path.error());
  const Result<Secret> sealed = ReadPrivateFile(*path, kSecretMaxBytes + kSealOverheadBytes);
  if (!sealed) {
    if (sealed.error().code == ErrorCode::kNotFound) return std::nullopt;
    return tl::unexpected(sealed.error());
  }
  const Result<Secret> master = LoadMasterKey();
  if (!master) return tl::unexpected(master.error());
  const std::string purpose = Purpose(name);
  std::optional<Secret> secret = Unseal(DeriveKey(*master, purpose), purpose, sealed->bytes());
  if (!secret) {
    return Fail(ErrorCode::kCorrupt,
                "'" + path->string() + "' is damaged or was sealed under another key");
  }
  return secret;
}

Result<void> FileKeySource::StoreSecret(std::string_view name, const Secret& secret) {
  const Result<std::filesystem::path> path = SealedPath(name);
  if (!path) return tl::unexpected(path.error());
  if (secret.bytes().size() > kSecretMaxBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "a secret has at most " + std::to_string(kSecretMaxBytes) + " bytes");
  }
  const Result<Secret> master = LoadMasterKey();
  if (!master) return tl::unexpected(master.error());
  const std::string purpose = Purpose(name);
  return ReplacePrivateFile(*path, Seal(DeriveKey(*master, purpose), purpose, secret));
}

Result<void> FileKeySource::EraseSecret(std::string_view name) {
  const Result<std::filesystem::path> path = SealedPath(name);
  if (!path) return tl::unexpected(path.error());
  return RemovePrivateFile(*path);
}

Result<std::filesystem::path> FileKeySource::SealedPath(std::string_view name) const {
  const bool valid =
      !name.empty() && name.size() <= kNameMaxBytes &&
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
  if (!valid)
    return Fail(ErrorCode::kInvalidArgument, "a secret's name is lower-case letters and dashes");
  return file_.parent_path() / (std::string(name) + ".sealed");
}

}  // namespace hark::keys
