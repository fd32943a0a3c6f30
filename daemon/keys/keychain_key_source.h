// The Keychain of macOS: master keys and the token are generic passwords of the service
// "org.hark.harkd", readable while the device is unlocked and on this device alone.
//
// Not tested: written from the documentation, no macOS machine was at hand. Compiled on Apple only.

#ifndef HARK_DAEMON_KEYS_KEYCHAIN_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_KEYCHAIN_KEY_SOURCE_H_

#include <optional>
#include <string>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

class KeychainKeySource final : public KeySource {
 public:
  [[nodiscard]] KeyKind kind() const override { return KeyKind::kKeychain; }
  [[nodiscard]] Result<std::vector<FoundKey>> Load(const std::string& store) override;
  [[nodiscard]] Result<Secret> Create(const KeyLabel& label) override;
  [[nodiscard]] Result<void> Put(const KeyLabel& label, const Secret& key) override;
  [[nodiscard]] Result<void> Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                   const Secret& old) override;

  [[nodiscard]] bool keeps_tokens() const override { return true; }
  [[nodiscard]] Result<std::optional<Secret>> LoadToken(const std::string& store) override;
  [[nodiscard]] Result<void> StoreToken(const std::string& store, const Secret& token) override;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_KEYCHAIN_KEY_SOURCE_H_
