#include "daemon/keys/keychain_key_source.h"

#include <cstdlib>
#include <utility>

#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>

namespace hark::keys {
namespace {

constexpr char kService[] = "org.hark.harkd";

// Released at the end of its scope.
template <typename Ref>
class Held {
 public:
  explicit Held(Ref ref) : ref_(ref) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (ref_ != nullptr) CFRelease(ref_);
  }
  [[nodiscard]] Ref get() const { return ref_; }

 private:
  Ref ref_;
};

CFStringRef Text(const std::string& text) {
  return CFStringCreateWithBytes(nullptr, reinterpret_cast<const UInt8*>(text.data()),
                                 static_cast<CFIndex>(text.size()), kCFStringEncodingUTF8, false);
}

std::string AccountOf(const KeyLabel& label) {
  return label.store + "/" + std::to_string(label.generation);
}

Error Meaning(OSStatus status) {
  if (status == errSecItemNotFound)
    return {ErrorCode::kNotFound, "the Keychain has no key of this data"};
  if (status == errSecInteractionNotAllowed || status == errSecAuthFailed)
    return {ErrorCode::kLocked, "the Keychain is locked; unlock it"};
  return {ErrorCode::kInternal, "the Keychain answered " + std::to_string(status)};
}

// What names one item.
class Query {
 public:
  explicit Query(const std::string& account)
      : dictionary_(CFDictionaryCreateMutable(nullptr, 0, &kCFTypeDictionaryKeyCallBacks,
                                              &kCFTypeDictionaryValueCallBacks)) {
    const Held<CFStringRef> service(Text(kService));
    const Held<CFStringRef> name(Text(account));
    Set(kSecClass, kSecClassGenericPassword);
    Set(kSecAttrService, service.get());
    Set(kSecAttrAccount, name.get());
  }
  void Set(CFTypeRef key, CFTypeRef value) { CFDictionarySetValue(dictionary_.get(), key, value); }
  [[nodiscard]] CFDictionaryRef get() const { return dictionary_.get(); }

 private:
  Held<CFMutableDictionaryRef> dictionary_;
};

Result<Secret> Read(const std::string& account) {
  Query query(account);
  query.Set(kSecReturnData, kCFBooleanTrue);
  query.Set(kSecUseAuthenticationUI, kSecUseAuthenticationUIFail);
  CFTypeRef found = nullptr;
  const OSStatus status = SecItemCopyMatching(query.get(), &found);
  if (status != errSecSuccess) return tl::unexpected(Meaning(status));
  const Held<CFDataRef> data(static_cast<CFDataRef>(found));
  return Secret(std::string(reinterpret_cast<const char*>(CFDataGetBytePtr(data.get())),
                            static_cast<std::size_t>(CFDataGetLength(data.get()))));
}

Result<void> Remove(const std::string& account) {
  const OSStatus status = SecItemDelete(Query(account).get());
  if (status == errSecSuccess || status == errSecItemNotFound) return {};
  return tl::unexpected(Meaning(status));
}

// In one step, so that nothing that comes between leaves neither the old nor the new one.
Result<void> Write(const std::string& account, const Secret& secret) {
  const Held<CFDataRef> data(CFDataCreate(nullptr,
                                          reinterpret_cast<const UInt8*>(secret.bytes().data()),
                                          static_cast<CFIndex>(secret.bytes().size())));
  const Held<CFMutableDictionaryRef> change(CFDictionaryCreateMutable(
      nullptr, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks));
  CFDictionarySetValue(change.get(), kSecValueData, data.get());
  OSStatus status = SecItemUpdate(Query(account).get(), change.get());
  if (status == errSecItemNotFound) {
    Query item(account);
    item.Set(kSecValueData, data.get());
    item.Set(kSecAttrAccessible, kSecAttrAccessibleWhenUnlockedThisDeviceOnly);
    status = SecItemAdd(item.get(), nullptr);
  }
  if (status == errSecSuccess) return {};
  return tl::unexpected(Meaning(status));
}

// The Keychain cannot list what it would have to ask for: the newest generation is written down in
// an item of its own, and at most this one and the one before are there.
std::string NewestOf(const std::string& store) {
  return store + "/newest";
}

Result<std::uint32_t> ReadNewest(const std::string& store) {
  const auto text = Read(NewestOf(store));
  if (!text) return tl::unexpected(text.error());
  return static_cast<std::uint32_t>(std::strtoul(std::string(text->bytes()).c_str(), nullptr, 10));
}

}  // namespace

Result<std::vector<FoundKey>> KeychainKeySource::Load(const std::string& store) {
  const auto newest = ReadNewest(store);
  if (!newest) return tl::unexpected(newest.error());
  std::vector<FoundKey> keys;
  for (std::uint32_t back = 0; back < 2 && back < *newest; ++back) {
    const KeyLabel label{store, *newest - back};
    auto key = Read(AccountOf(label));
    if (!key && key.error().code == ErrorCode::kNotFound) continue;
    if (!key) return tl::unexpected(std::move(key.error()));
    if (key->bytes().size() != kMasterKeyBytes)
      return Fail(ErrorCode::kCorrupt, "the key in the Keychain is damaged");
    keys.push_back({label, std::move(*key)});
  }
  if (keys.empty()) return tl::unexpected(Meaning(errSecItemNotFound));
  return keys;
}

Result<Secret> KeychainKeySource::Create(const KeyLabel& label) {
  Secret key = Secret::Random(kMasterKeyBytes);
  if (Result<void> put = Put(label, key); !put) return tl::unexpected(std::move(put).error());
  return key;
}

Result<void> KeychainKeySource::Put(const KeyLabel& label, const Secret& key) {
  if (auto written = Write(AccountOf(label), key); !written) return written;
  return Write(NewestOf(label.store), Secret(std::to_string(label.generation)));
}

Result<void> KeychainKeySource::Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                      const Secret& /*old*/) {
  const auto newest = ReadNewest(store);
  if (!newest) {
    if (newest.error().code == ErrorCode::kNotFound) return {};
    return tl::unexpected(newest.error());
  }
  for (std::uint32_t back = 0; back < 2 && back < *newest; ++back) {
    if (keep == *newest - back) continue;
    if (auto removed = Remove(AccountOf({store, *newest - back})); !removed) return removed;
  }
  if (keep) return Write(NewestOf(store), Secret(std::to_string(*keep)));
  return Remove(NewestOf(store));
}

Result<std::optional<Secret>> KeychainKeySource::LoadToken(const std::string& store) {
  auto token = Read(store + "/token");
  if (token) return std::optional<Secret>(std::move(*token));
  if (token.error().code == ErrorCode::kNotFound) return std::nullopt;
  return tl::unexpected(std::move(token.error()));
}

Result<void> KeychainKeySource::StoreToken(const std::string& store, const Secret& token) {
  return token.empty() ? Remove(store + "/token") : Write(store + "/token", token);
}

}  // namespace hark::keys
