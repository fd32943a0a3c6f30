// The master key as a credential of the service manager (systemd's LoadCredential=): a file that
// only this service sees, and only reads. So the key is made, kept and exchanged by whoever runs
// the service; tokens and everything else are in the key ring, encrypted under it.
//
// The credential `hark.key` is 32 to 4,096 bytes of any kind; the key is derived from all of them.
// For a rotation, `hark.key.next` is passed beside it; after the rotation it takes the other's
// place.

#ifndef HARK_DAEMON_KEYS_CREDENTIAL_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_CREDENTIAL_KEY_SOURCE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

class CredentialKeySource final : public KeySource {
 public:
  // `folder`: $CREDENTIALS_DIRECTORY; empty: the service manager passed nothing.
  explicit CredentialKeySource(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Whether a key was passed.
  [[nodiscard]] bool IsThere() const;

  [[nodiscard]] KeyKind kind() const override { return KeyKind::kCredential; }
  [[nodiscard]] Result<std::vector<FoundKey>> Load(const std::string& store) override;
  // kNotFound, kCorrupt: of `hark.key`.
  [[nodiscard]] Result<void> CheckRoom() override;
  // Of the first generation `hark.key`, of later ones `hark.key.next`, or `hark.key` if there is no
  // other. kPrecondition: neither is there.
  [[nodiscard]] Result<Secret> Create(const KeyLabel& label) override;
  // kPrecondition.
  [[nodiscard]] Result<void> Put(const KeyLabel& label, const Secret& key) override;
  // Does nothing.
  [[nodiscard]] Result<void> Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                   const Secret& old) override;

 private:
  [[nodiscard]] Result<Secret> Read(const char* name) const;

  std::filesystem::path folder_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_CREDENTIAL_KEY_SOURCE_H_
