#include "daemon/keys/credential_key_source.h"

#include <system_error>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/keys/private_file.h"

namespace hark::keys {
namespace {

constexpr char kKey[] = "hark.key";
constexpr char kNextKey[] = "hark.key.next";
constexpr std::string_view kContext = "hark/credential/1";

}  // namespace

bool CredentialKeySource::IsThere() const {
  std::error_code error;
  return !folder_.empty() && std::filesystem::exists(folder_ / kKey, error);
}

Result<Secret> CredentialKeySource::Read(const char* name) const {
  if (folder_.empty()) {
    return Fail(ErrorCode::kNotFound,
                "the service manager passed no credentials (LoadCredential=hark.key:…)");
  }
  const Result<Secret> bytes = ReadPrivateFile(folder_ / name, limits::kCredentialBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->bytes().size() < kMasterKeyBytes) {
    return Fail(ErrorCode::kCorrupt,
                "the credential '" + std::string(name) + "' is shorter than 32 bytes");
  }
  return DeriveKey(*bytes, kContext);
}

Result<std::vector<FoundKey>> CredentialKeySource::Load(const std::string& /*store*/) {
  std::vector<FoundKey> keys;
  Result<Secret> next = Read(kNextKey);
  if (next) keys.push_back({KeyLabel{}, std::move(*next)});
  Result<Secret> key = Read(kKey);
  if (key) {
    keys.push_back({KeyLabel{}, std::move(*key)});
  } else if (keys.empty()) {
    return tl::unexpected(std::move(key.error()));
  }
  return keys;
}

Result<void> CredentialKeySource::CheckRoom() {
  if (const auto key = Read(kKey); !key) return tl::unexpected(key.error());
  return {};
}

Result<Secret> CredentialKeySource::Create(const KeyLabel& label) {
  Result<Secret> key = Read(label.generation > 1 ? kNextKey : kKey);
  if (!key && key.error().code == ErrorCode::kNotFound && label.generation > 1) key = Read(kKey);
  if (key || key.error().code != ErrorCode::kNotFound) return key;
  return Fail(ErrorCode::kPrecondition,
              "A credential is only read: pass a new key as the credential 'hark.key.next' "
              "(LoadCredential=), restart the service and try again.");
}

Result<void> CredentialKeySource::Put(const KeyLabel& /*label*/, const Secret& /*key*/) {
  return Fail(ErrorCode::kPrecondition,
              "A credential is only read: start harkd with another --key-source to recover.");
}

Result<void> CredentialKeySource::Erase(const std::string& /*store*/,
                                        std::optional<std::uint32_t> /*keep*/,
                                        const Secret& /*old*/) {
  return {};
}

}  // namespace hark::keys
