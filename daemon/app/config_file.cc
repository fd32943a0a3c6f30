#include "daemon/app/config_file.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

// toml++ is heavy, so it is included here and nowhere else.
#include <toml++/toml.h>

#include "daemon/base/utf8.h"

namespace hark::app {
namespace {

tl::unexpected<Error> FailAt(const std::string& name, const toml::source_region& where,
                             const std::string& sentence) {
  return Fail(ErrorCode::kInvalidArgument,
              name + ":" + std::to_string(where.begin.line) + ": " + sentence);
}

// Keys come from the file and may hold anything that TOML can quote.
std::string Printable(std::string_view key) {
  constexpr std::size_t kShown = 64;
  std::string shown;
  for (const char c : FirstBytes(key, kShown))
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return shown;
}

std::string FullName(std::string_view section, std::string_view key) {
  return "'" + Printable(section) + "." + Printable(key) + "'";
}

const SettingKey* FindSetting(std::string_view section, std::string_view name) {
  for (const SettingKey& key : AllSettings()) {
    if (key.section == section && key.name == name) return &key;
  }
  return nullptr;
}

bool IsSection(std::string_view name) {
  for (const SettingKey& key : AllSettings()) {
    if (key.section == name) return true;
  }
  return false;
}

// Nothing: not all are strings.
std::optional<std::string> Joined(const toml::array& list) {
  std::string joined;
  for (const toml::node& node : list) {
    const auto* const text = node.as_string();
    if (text == nullptr) return std::nullopt;
    joined += (joined.empty() ? "" : ";") + text->get();
  }
  return joined;
}

const char* WhatItMustBe(const SettingKey& setting) {
  if (setting.is_number) return " must be a whole number";
  if (setting.is_list) return " must be a string in quotes, or an array of them";
  return " must be a string in quotes";
}

// Nothing: of another type.
std::optional<std::string> TextOf(const toml::node& node, const SettingKey& setting) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* list = node.as_array(); list != nullptr && setting.is_list) return Joined(*list);
  const auto* number = node.as_integer();
  if (number != nullptr && setting.is_number) return std::to_string(number->get());
  return std::nullopt;
}

Result<void> ReadSection(const toml::table& table, std::string_view section,
                         const std::string& name, Settings& settings) {
  for (const auto& [key, node] : table) {
    const SettingKey* const setting = FindSetting(section, key.str());
    if (setting == nullptr)
      return FailAt(name, key.source(), "unknown key " + FullName(section, key.str()));
    const std::optional<std::string> text = TextOf(node, *setting);
    if (!text) {
      return FailAt(name, node.source(), FullName(section, key.str()) + WhatItMustBe(*setting));
    }
    if (const Result<void> checked = setting->check(*text); !checked) {
      return FailAt(name, node.source(),
                    FullName(section, key.str()) + " " + checked.error().message);
    }
    settings.*(setting->value) = *text;
  }
  return {};
}

Result<Settings> ReadDocument(const toml::table& document, const std::string& name) {
  Settings settings;
  for (const auto& [key, node] : document) {
    const std::string shown = "'" + Printable(key.str()) + "'";
    if (!IsSection(key.str())) {
      return FailAt(name, key.source(),
                    (node.is_table() ? "unknown section " : "unknown key ") + shown);
    }
    const toml::table* const section = node.as_table();
    if (section == nullptr) return FailAt(name, key.source(), shown + " must be a section");
    if (Result<void> read = ReadSection(*section, key.str(), name, settings); !read) {
      return tl::unexpected(std::move(read).error());
    }
  }
  return settings;
}

tl::unexpected<Error> FailErrno(const std::filesystem::path& path, int error) {
  const auto code =
      error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
  return Fail(code,
              "cannot read '" + path.string() + "': " + std::generic_category().message(error));
}

}  // namespace

Result<Settings> ParseConfigText(std::string_view text, const std::string& name) {
  try {
    return ReadDocument(toml::parse(text), name);
  } catch (const toml::parse_error& error) {
    return FailAt(name, error.source(), std::string(error.description()));
  }
}

Result<Settings> ReadConfigFile(const std::filesystem::path& path) {
  // Non-blocking, or a FIFO would hold the start for ever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return FailErrno(path, errno);
  std::string text(kConfigFileMaxBytes + 1, '\0');
  std::size_t filled = 0;
  int error = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(fd, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  ::close(fd);
  if (error != 0) return FailErrno(path, error);
  if (filled > kConfigFileMaxBytes) {
    return Fail(ErrorCode::kInvalidArgument, "'" + path.string() + "' is longer than " +
                                                 std::to_string(kConfigFileMaxBytes) + " bytes");
  }
  text.resize(filled);
  return ParseConfigText(text, path.string());
}

}  // namespace hark::app
