#include "daemon/app/config.h"

#include <string_view>
#include <utility>

#include "daemon/app/config_file.h"
#include "daemon/base/integer.h"

namespace hark::app {
namespace {

// Where hark-backend listens by default.
constexpr std::string_view kDefaultBackendUrl = "ws://127.0.0.1:8765/api/v1/sync";

// As the key ring says, or the best that there is at the first sign-in.
constexpr std::string_view kDefaultKind = "default";

namespace fs = std::filesystem;

// The values are in range: settings.cc lets no others through.
Encoding EncodingOf(std::string_view text) {
  return text == "json" ? Encoding::kJson : Encoding::kProto;
}

log::Level LogLevelOf(std::string_view text) {
  if (text == "debug") return log::Level::kDebug;
  if (text == "warning") return log::Level::kWarning;
  if (text == "error") return log::Level::kError;
  return log::Level::kInfo;
}

std::optional<log::Format> LogFormatOf(std::string_view text) {
  if (text == "text") return log::Format::kText;
  if (text == "json") return log::Format::kJson;
  return std::nullopt;
}

std::string_view TextOf(Encoding encoding) {
  return encoding == Encoding::kJson ? "json" : "proto";
}

std::string_view TextOf(log::Level level) {
  switch (level) {
    case log::Level::kDebug: return "debug";
    case log::Level::kInfo: return "info";
    case log::Level::kWarning: return "warning";
    case log::Level::kError:
    case log::Level::kOff: return "error";
  }
  return "info";
}

std::string_view TextOf(std::optional<log::Format> format) {
  if (!format) return "auto";
  return *format == log::Format::kJson ? "json" : "text";
}

// Checked before.
std::uint64_t NumberOf(const std::string& text) {
  return ParseInteger<std::uint64_t>(text).value_or(0);
}

constexpr std::uint64_t kMegabyte = std::uint64_t{1024} * 1024;

// Flags over file over default.
class Resolver {
 public:
  Resolver(const Settings& flags, const Settings& file, const Environment& environment)
      : flags_(flags), file_(file), environment_(environment) {}

  [[nodiscard]] std::string Text(std::optional<std::string> Settings::* key,
                                 std::string_view fallback) const {
    if (const auto& flag = flags_.*key) return *flag;
    return (file_.*key).value_or(std::string(fallback));
  }

  // Nothing when neither sets it.
  [[nodiscard]] Result<std::optional<fs::path>> Path(std::optional<std::string> Settings::* key,
                                                     std::string_view name) const {
    if (const auto& flag = flags_.*key) return Absolute(environment_.current_folder / *flag, name);
    const auto& text = file_.*key;
    if (!text) return std::nullopt;
    if (!text->starts_with("~/")) return Absolute(*text, name);
    const fs::path home = HomeFolder(environment_);
    if (home.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(name) + "' begins with ~/ and HOME is not set");
    }
    return Absolute(home / text->substr(2), name);
  }

 private:
  static Result<std::optional<fs::path>> Absolute(const fs::path& path, std::string_view name) {
    if (path.is_absolute()) return path;
    return Fail(ErrorCode::kInvalidArgument,
                "'" + std::string(name) + "' must be an absolute path or begin with ~/, and is '" +
                    path.string() + "'");
  }

  const Settings& flags_;
  const Settings& file_;
  const Environment& environment_;
};

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

Result<Config> ResolveConfig(const Settings& flags, const Settings& file,
                             const std::optional<fs::path>& file_path,
                             const Environment& environment) {
  const Resolver resolver(flags, file, environment);
  const auto ca_file = resolver.Path(&Settings::backend_ca_file, "backend.ca_file");
  if (!ca_file) return tl::unexpected(ca_file.error());
  const auto data_dir = resolver.Path(&Settings::storage_data_dir, "storage.data_dir");
  if (!data_dir) return tl::unexpected(data_dir.error());
  const auto key_file = resolver.Path(&Settings::keys_file, "keys.file");
  if (!key_file) return tl::unexpected(key_file.error());
  const auto socket = resolver.Path(&Settings::ipc_socket, "ipc.socket");
  if (!socket) return tl::unexpected(socket.error());

  Config config;
  config.backend_url = resolver.Text(&Settings::backend_url, kDefaultBackendUrl);
  config.encoding = EncodingOf(resolver.Text(&Settings::backend_encoding, "proto"));
  config.ca_file = *ca_file;
  config.pins = resolver.Text(&Settings::backend_pins, "");
  config.log_level = LogLevelOf(resolver.Text(&Settings::log_level, "info"));
  config.log_format = LogFormatOf(resolver.Text(&Settings::log_format, "auto"));
  config.outbox_age = std::chrono::days(
      NumberOf(resolver.Text(&Settings::outbox_days, std::to_string(config.outbox_age.count()))));
  const RetentionPolicy retention;
  config.retention.days = static_cast<std::uint32_t>(
      NumberOf(resolver.Text(&Settings::retention_days, std::to_string(retention.days))));
  config.retention.max_bytes =
      NumberOf(resolver.Text(&Settings::retention_max_mb, "0")) * kMegabyte;
  config.config_file = file_path;
  if (*data_dir) {
    config.data_dir = **data_dir;
  } else {
    const Result<fs::path> folder = DefaultDataFolder(environment);
    if (!folder) return tl::unexpected(folder.error());
    config.data_dir = *folder;
  }
  config.socket = socket->value_or(DefaultSocket(environment));
  const std::string kind = resolver.Text(&Settings::keys_kind, "");
  config.key_kind = keys::KeyKindOf(kind);
  // Who names a key file wants the key in it.
  if (kind.empty() && *key_file) config.key_kind = keys::KeyKind::kFile;
  config.key_file = key_file->value_or(config.data_dir / "keys" / "master.key");
  if (Result<void> checked = CheckSocketPath(config.socket); !checked) {
    return tl::unexpected(std::move(checked).error());
  }
  return config;
}

Result<Config> LoadConfig(const ConfigRequest& request, const Environment& environment) {
  fs::path path;
  if (request.config_file) {
    path = environment.current_folder / *request.config_file;
  } else if (const Result<fs::path> found = DefaultConfigFile(environment); found) {
    path = *found;
  }
  Settings file;
  std::optional<fs::path> read_path;
  if (!path.empty()) {
    Result<Settings> read = ReadConfigFile(path);
    if (read) {
      file = std::move(*read);
      read_path = path;
    } else if (request.config_file || read.error().code != ErrorCode::kNotFound) {
      return Fail(ErrorCode::kInvalidArgument, read.error().message);
    }
  }
  return ResolveConfig(request.flags, file, read_path, environment);
}

std::string DescribeConfig(const Config& config) {
  std::string text = config.config_file
                         ? "# read from " + config.config_file->string() + "\n"
                         : std::string("# no configuration file: defaults and flags\n");
  text += "[backend]\nurl = " + Quoted(config.backend_url);
  text += "\nencoding = " + Quoted(TextOf(config.encoding));
  if (config.ca_file) text += "\nca_file = " + Quoted(config.ca_file->string());
  if (!config.pins.empty()) text += "\npins = " + Quoted(config.pins);
  text += "\n\n[storage]\ndata_dir = " + Quoted(config.data_dir.string());
  text += "\n\n[outbox]\ndays = " + std::to_string(config.outbox_age.count());
  text += "\n\n[retention]\ndays = " + std::to_string(config.retention.days);
  text += "\nmax_mb = " + std::to_string(config.retention.max_bytes / kMegabyte);
  text += "\n\n[keys]\nkind = " +
          Quoted(config.key_kind ? keys::TextOf(*config.key_kind) : kDefaultKind);
  text += "\nfile = " + Quoted(config.key_file.string());
  text += "\n\n[ipc]\nsocket = " + Quoted(config.socket.string());
  text += "\n\n[log]\nlevel = " + Quoted(TextOf(config.log_level));
  text += "\nformat = " + Quoted(TextOf(config.log_format)) + "\n";
  return text;
}

}  // namespace hark::app
