// The desktop's key store (Secret Service: GNOME Keyring, KWallet, KeePassXC) through libsecret.
// Master keys and the token are items of the default collection.
//
// Nothing here asks a person: a locked collection is an error, and whoever unlocks it, by logging
// in or in the desktop's own program, ends it.

#ifndef HARK_DAEMON_KEYS_SECRET_SERVICE_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_SECRET_SERVICE_KEY_SOURCE_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

// Each call is its own connection to the bus and the service, so that either may come and go, and
// is given up after limits::kKeyStoreCall, or once `stop` is requested.
class SecretServiceKeySource final : public KeySource {
 public:
  // Touches nothing. `has_bus`: there is a session bus to look for the service on.
  SecretServiceKeySource(bool has_bus, std::stop_token stop)
      : has_bus_(has_bus), stop_(std::move(stop)) {}

  // Whether a service answers; the bus may start it for that.
  [[nodiscard]] bool IsThere();

  [[nodiscard]] KeyKind kind() const override { return KeyKind::kSecretService; }
  [[nodiscard]] Result<std::vector<FoundKey>> Load(const std::string& store) override;
  // kLocked, kNotFound: of the default collection.
  [[nodiscard]] Result<void> CheckRoom() override;
  [[nodiscard]] Result<Secret> Create(const KeyLabel& label) override;
  [[nodiscard]] Result<void> Put(const KeyLabel& label, const Secret& key) override;
  [[nodiscard]] Result<void> Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                   const Secret& old) override;

  [[nodiscard]] bool keeps_tokens() const override { return true; }
  [[nodiscard]] Result<std::optional<Secret>> LoadToken(const std::string& store) override;
  [[nodiscard]] Result<void> StoreToken(const std::string& store, const Secret& token) override;

 private:
  const bool has_bus_;
  const std::stop_token stop_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_SECRET_SERVICE_KEY_SOURCE_H_
