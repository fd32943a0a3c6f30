#include "daemon/keys/secret_service_key_source.h"

#include <utility>

#include "daemon/base/hex.h"
#include "daemon/base/integer.h"
#include "daemon/keys/secret_session.h"

namespace hark::keys {
namespace {

constexpr char kMasterKey[] = "master-key";
constexpr char kToken[] = "token";

Result<std::unique_ptr<SecretSession>> Open(bool has_bus, const std::stop_token& stop) {
  if (!has_bus) {
    return Fail(ErrorCode::kNotFound,
                "there is no session bus, and so no Secret Service; run harkd in the desktop's "
                "session");
  }
  return SecretSession::Open(stop);
}

Error Locked() {
  return {ErrorCode::kLocked, "the key store is locked; unlock it"};
}

Result<FoundKey> ToKey(const SecretItemFound& item, const Secret& secret) {
  FoundKey found;
  found.label.store = item.attributes.store;
  found.label.generation = ParseInteger<std::uint32_t>(item.attributes.generation).value_or(0);
  auto bytes = FromHex(secret.bytes());
  if (!bytes || bytes->size() != kMasterKeyBytes)
    return Fail(ErrorCode::kCorrupt, "the key in the key store is damaged");
  found.key = Secret(std::move(*bytes));
  return found;
}

}  // namespace

bool SecretServiceKeySource::IsThere() {
  return Open(has_bus_, stop_).has_value();
}

Result<std::vector<FoundKey>> SecretServiceKeySource::Load(const std::string& store) {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  auto items = (*session)->Search({kMasterKey, store, ""});
  if (!items) return tl::unexpected(std::move(items.error()));
  std::vector<FoundKey> keys;
  bool locked = false;
  for (const SecretItemFound& item : *items) {
    if (!item.secret) {
      locked = true;
      continue;
    }
    auto key = ToKey(item, *item.secret);
    if (!key) return tl::unexpected(std::move(key.error()));
    keys.push_back(std::move(*key));
  }
  if (!keys.empty()) return keys;
  if (locked) return tl::unexpected(Locked());
  return Fail(ErrorCode::kNotFound,
              "the key store has no key of this data; put it back, or use the recovery code");
}

Result<void> SecretServiceKeySource::CheckRoom() {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  return (*session)->CheckUnlocked();
}

Result<Secret> SecretServiceKeySource::Create(const KeyLabel& label) {
  Secret key = Secret::Random(kMasterKeyBytes);
  if (Result<void> put = Put(label, key); !put) return tl::unexpected(std::move(put).error());
  return key;
}

Result<void> SecretServiceKeySource::Put(const KeyLabel& label, const Secret& key) {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  return (*session)->Store({kMasterKey, label.store, std::to_string(label.generation)},
                           "Hark: key of your conversations", Secret(ToHex(key.bytes())));
}

Result<void> SecretServiceKeySource::Erase(const std::string& store,
                                           std::optional<std::uint32_t> keep,
                                           const Secret& /*old*/) {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  return (*session)->Remove({kMasterKey, store, ""}, keep ? std::to_string(*keep) : "");
}

Result<std::optional<Secret>> SecretServiceKeySource::LoadToken(const std::string& store) {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  auto items = (*session)->Search({kToken, store, ""});
  if (!items) return tl::unexpected(std::move(items.error()));
  if (items->empty()) return std::nullopt;
  if (!items->front().secret) return tl::unexpected(Locked());
  return std::move(items->front().secret);
}

Result<void> SecretServiceKeySource::StoreToken(const std::string& store, const Secret& token) {
  const auto session = Open(has_bus_, stop_);
  if (!session) return tl::unexpected(session.error());
  if (token.empty()) return (*session)->Remove({kToken, store, ""}, "");
  return (*session)->Store({kToken, store, ""}, "Hark: sign-in", token);
}

}  // namespace hark::keys
