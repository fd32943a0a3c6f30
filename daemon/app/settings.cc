#include "daemon/app/settings.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "daemon/base/integer.h"
#include "daemon/keys/key_source.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/pins.h"

namespace hark::app {
namespace {

// Longer than any path that Linux opens.
constexpr std::size_t kPathMaxBytes = 4095;
constexpr std::uint64_t kRetentionDaysMax = 36'500;
constexpr std::uint64_t kOutboxDaysMax = 365;
constexpr std::uint64_t kRetentionMegabytesMax = std::uint64_t{16} * 1024 * 1024;

Result<void> CheckPath(std::string_view text) {
  if (text.empty()) return Fail(ErrorCode::kInvalidArgument, "must not be empty");
  if (text.size() > kPathMaxBytes)
    return Fail(ErrorCode::kInvalidArgument, "is too long for a path");
  const bool has_control = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (has_control) return Fail(ErrorCode::kInvalidArgument, "must not contain control characters");
  return {};
}

Result<void> CheckBackendUrl(std::string_view text) {
  const Result<transport::Endpoint> endpoint = transport::ParseEndpoint(text);
  if (endpoint) return {};
  return Fail(ErrorCode::kInvalidArgument, "cannot be used: " + endpoint.error().message);
}

Result<void> CheckEncoding(std::string_view text) {
  if (text == "proto" || text == "json") return {};
  return Fail(ErrorCode::kInvalidArgument, "must be proto or json");
}

Result<void> CheckPins(std::string_view text) {
  const Result<transport::Pins> pins = transport::ParsePins(text);
  if (pins) return {};
  return tl::unexpected(pins.error());
}

Result<void> CheckNumber(std::string_view text, std::uint64_t most, const char* sentence) {
  const auto number = ParseInteger<std::uint64_t>(text);
  if (number && *number <= most) return {};
  return Fail(ErrorCode::kInvalidArgument, sentence);
}

Result<void> CheckDays(std::string_view text) {
  return CheckNumber(text, kRetentionDaysMax, "must be a number of days from 0 to 36500");
}

Result<void> CheckOutboxDays(std::string_view text) {
  if (text == "0") return Fail(ErrorCode::kInvalidArgument, "must be at least 1");
  return CheckNumber(text, kOutboxDaysMax, "must be a number of days from 1 to 365");
}

Result<void> CheckMegabytes(std::string_view text) {
  return CheckNumber(text, kRetentionMegabytesMax, "must be a number of MiB from 0 to 16777216");
}

Result<void> CheckKeyKind(std::string_view text) {
  if (text == "default" || keys::KeyKindOf(text)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "must be secret-service, keychain, credential, file or default");
}

Result<void> CheckLogLevel(std::string_view text) {
  if (text == "debug" || text == "info" || text == "warning" || text == "error") return {};
  return Fail(ErrorCode::kInvalidArgument, "must be debug, info, warning or error");
}

Result<void> CheckLogFormat(std::string_view text) {
  if (text == "auto" || text == "text" || text == "json") return {};
  return Fail(ErrorCode::kInvalidArgument, "must be auto, text or json");
}

constexpr std::array kSettings{
    SettingKey{"backend", "url", &Settings::backend_url, CheckBackendUrl},
    SettingKey{"backend", "encoding", &Settings::backend_encoding, CheckEncoding},
    SettingKey{"backend", "ca_file", &Settings::backend_ca_file, CheckPath},
    SettingKey{"backend", "pins", &Settings::backend_pins, CheckPins, false, true},
    SettingKey{"storage", "data_dir", &Settings::storage_data_dir, CheckPath},
    SettingKey{"outbox", "days", &Settings::outbox_days, CheckOutboxDays, true},
    SettingKey{"retention", "days", &Settings::retention_days, CheckDays, true},
    SettingKey{"retention", "max_mb", &Settings::retention_max_mb, CheckMegabytes, true},
    SettingKey{"keys", "kind", &Settings::keys_kind, CheckKeyKind},
    SettingKey{"keys", "file", &Settings::keys_file, CheckPath},
    SettingKey{"ipc", "socket", &Settings::ipc_socket, CheckPath},
    SettingKey{"log", "level", &Settings::log_level, CheckLogLevel},
    SettingKey{"log", "format", &Settings::log_format, CheckLogFormat},
};

}  // namespace

std::span<const SettingKey> AllSettings() {
  return kSettings;
}

}  // namespace hark::app
