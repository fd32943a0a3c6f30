// Everything that harkd is told from outside, resolved: flags over the configuration file over
// defaults. Nothing reads the environment or a file after this.

#ifndef HARK_DAEMON_APP_CONFIG_H_
#define HARK_DAEMON_APP_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/app/paths.h"
#include "daemon/app/settings.h"
#include "daemon/base/log.h"
#include "daemon/base/result.h"
#include "daemon/keys/key_source.h"
#include "daemon/model/retention.h"

namespace hark::app {

// The wire encoding asked of the backend (DESIGN §6).
enum class Encoding : std::uint8_t { kProto, kJson };

// Paths are absolute. Holds no secret.
struct Config {
  std::string backend_url;  // ws:// or wss://
  Encoding encoding = Encoding::kProto;
  std::optional<std::filesystem::path> ca_file;  // absent: the system's certificates
  std::string pins;  // As transport::ParsePins() takes them; empty: any trusted key
  std::filesystem::path data_dir;
  std::chrono::days outbox_age{7};  // How long an unsent message is tried by itself.
  RetentionPolicy retention;
  std::optional<keys::KeyKind> key_kind;  // Where the master key is kept; absent: key_choice.h.
  std::filesystem::path key_file;
  std::filesystem::path socket;
  log::Level log_level = log::Level::kInfo;
  std::optional<log::Format> log_format;             // absent: ChooseLogFormat() does
  std::optional<std::filesystem::path> config_file;  // the one that was read
};

// What the command line says of the configuration.
struct ConfigRequest {
  Settings flags;
  std::optional<std::string> config_file;
};

// Pure. Both settings are checked already (settings.h). `file` comes from `file_path`; its paths
// must be absolute or begin with ~/, since a daemon's current folder means nothing to who writes
// the file. Those of `flags` may be relative.
[[nodiscard]] Result<Config> ResolveConfig(const Settings& flags, const Settings& file,
                                           const std::optional<std::filesystem::path>& file_path,
                                           const Environment& environment);

// Reads the named file, or the default one if it is there, and resolves. kInvalidArgument for every
// failure.
[[nodiscard]] Result<Config> LoadConfig(const ConfigRequest& request,
                                        const Environment& environment);

// As a configuration file that gives the same Config again.
[[nodiscard]] std::string DescribeConfig(const Config& config);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_CONFIG_H_
