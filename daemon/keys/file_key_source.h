// Master keys in a file of their own, for servers, containers and tests: as safe as the file's mode
// and the disk it is on. A desktop's key store is the better place.

#ifndef HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

// One file may hold keys of several installations, and two of one during a rotation. Each change
// replaces the file atomically.
class FileKeySource final : public KeySource {
 public:
  // Touches nothing. `file`: its folder is made when a key is.
  explicit FileKeySource(std::filesystem::path file);

  [[nodiscard]] KeyKind kind() const override { return KeyKind::kFile; }
  [[nodiscard]] Result<std::vector<FoundKey>> Load(const std::string& store) override;
  [[nodiscard]] Result<Secret> Create(const KeyLabel& label) override;
  [[nodiscard]] Result<void> Put(const KeyLabel& label, const Secret& key) override;
  [[nodiscard]] Result<void> Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                   const Secret& old) override;

 private:
  // All keys of the file; none if there is no file.
  [[nodiscard]] Result<std::vector<FoundKey>> Read() const;
  [[nodiscard]] Result<void> Write(const std::vector<FoundKey>& keys) const;

  std::filesystem::path file_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_FILE_KEY_SOURCE_H_
