// What a person may set, as text, before it is put together with the defaults. The configuration
// file and the flags name the same keys, and each value is checked where it is read, so that the
// error can say where it stands.

#ifndef HARK_DAEMON_APP_SETTINGS_H_
#define HARK_DAEMON_APP_SETTINGS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace hark::app {

// Absent: not set here.
struct Settings {
  std::optional<std::string> backend_url;
  std::optional<std::string> backend_encoding;
  std::optional<std::string> backend_ca_file;
  std::optional<std::string> backend_pins;  // Separated by ';'.
  std::optional<std::string> storage_data_dir;
  std::optional<std::string> outbox_days;
  std::optional<std::string> retention_days;
  std::optional<std::string> retention_max_mb;
  std::optional<std::string> keys_kind;
  std::optional<std::string> keys_file;
  std::optional<std::string> ipc_socket;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
};

// One key: where it is kept and what it may be. `check` fails with a sentence that begins after the
// key's name, such as "must be proto or json".
struct SettingKey {
  std::string_view section;
  std::string_view name;
  std::optional<std::string> Settings::* value;
  Result<void> (*check)(std::string_view);
  // In the file it may stand without quotes.
  bool is_number = false;
  // In the file it may be an array of strings.
  bool is_list = false;
};

// In the order of the documentation; the keys of one section stand together.
[[nodiscard]] std::span<const SettingKey> AllSettings();

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_SETTINGS_H_
