// The master key in a file of its own, for servers, containers and tests: as safe as the file's
// mode and the disk it is on. A desktop's key store is the better place.
//
// Beside the key `<name>.sealed` holds each other secret, encrypted under a key derived from the
// master key.

#ifndef HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_

#include <filesystem>

#include "daemon/keys/key_source.h"

namespace hark::keys {

// A token is a few hundred bytes; a file that claims to be larger is none of ours.
inline constexpr std::size_t kSecretMaxBytes = std::size_t{64} * 1024;

class FileKeySource final : public KeySource {
 public:
  // Touches nothing. `file`: the key file; its folder is made when a key is.
  explicit FileKeySource(std::filesystem::path file);

  [[nodiscard]] Result<Secret> LoadMasterKey() override;
  [[nodiscard]] Result<Secret> CreateMasterKey() override;

  // kNotFound: the secret is there and the master key is not.
  [[nodiscard]] Result<std::optional<Secret>> LoadSecret(std::string_view name) override;

  // kNotFound: there is no master key yet. kInvalidArgument: longer than kSecretMaxBytes.
  [[nodiscard]] Result<void> StoreSecret(std::string_view name, const Secret& secret) override;

  // Removes the file; does not promise that its encrypted bytes are gone from the medium.
  [[nodiscard]] Result<void> EraseSecret(std::string_view name) override;

 private:
  [[nodiscard]] Result<std::filesystem::path> SealedPath(std::string_view name) const;

  std::filesystem::path file_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_
