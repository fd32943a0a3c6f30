#include "tools/hark/daemon_setup.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <pwd.h>
#include <unistd.h>

#include "tools/hark/run_program.h"

namespace hark::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{20};

std::string Variable(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): hark changes none after its start
  return value == nullptr ? std::string() : std::string(value);
}

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// A TOML basic string, or a number as it is.
std::string Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string value;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    value += text[i];
  }
  return value;
}

}  // namespace

std::string DaemonConfig::Value(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

std::string PathOfThisProgram() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string() : self.string();
}

std::string FindHarkd(const std::string& self) {
  if (!self.empty()) {
    const fs::path folder = fs::path(self).parent_path();
    for (const fs::path& beside : {folder / "harkd", folder / "../../daemon/app/harkd"}) {
      if (IsProgram(beside)) return beside.lexically_normal().string();
    }
  }
  const std::string path = Variable("PATH");
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const fs::path found = fs::path(path.substr(at, end - at)) / "harkd";
    if (found.is_absolute() && IsProgram(found)) return found.string();
    at = end + 1;
  }
  return {};
}

DaemonConfig CheckConfig(const std::string& harkd, const std::vector<std::string>& before,
                         const std::vector<std::string>& flags) {
  std::vector<std::string> words = before;
  words.push_back(harkd);
  words.emplace_back("--check-config");
  words.insert(words.end(), flags.begin(), flags.end());
  const ProgramResult checked = RunProgram(words, kPatience);
  DaemonConfig config;
  config.code = checked.code;
  config.error = FirstLine(checked.err);
  if (config.error.starts_with("harkd: ")) config.error.erase(0, 7);
  if (checked.code == 0) {
    config.text = checked.out;
    config.values = ParseConfigValues(checked.out);
  }
  return config;
}

BackendTrial TryBackend(const std::string& harkd) {
  const ProgramResult tried = RunProgram({harkd, "--check-backend"}, kPatience);
  // One that is older found something wrong with 0.
  constexpr int kFound = 6;
  if (tried.code != 0 && tried.code != kFound) return {};
  auto values = ParseConfigValues(tried.out);
  return {values["problem"], values["believed"] != "false"};
}

std::map<std::string, std::string> ParseConfigValues(std::string_view text) {
  std::map<std::string, std::string> values;
  std::string section;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = line.find(" = ");
    // What the environment adds stands in comments at the end.
    if (line.starts_with("# proxy") && equals != std::string_view::npos) {
      values[std::string(line.substr(2, equals - 2))] = Unquoted(line.substr(equals + 3));
    } else if (line.starts_with('[') && line.ends_with(']')) {
      section = std::string(line.substr(1, line.size() - 2)) + ".";
    } else if (!line.starts_with('#') && equals != std::string_view::npos) {
      values[section + std::string(line.substr(0, equals))] = Unquoted(line.substr(equals + 3));
    }
  }
  return values;
}

std::string Home() {
  if (const std::string home = Variable("HOME"); home.starts_with('/')) return home;
  const struct passwd* const entry =
      ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr || entry->pw_dir == nullptr ? std::string() : std::string(entry->pw_dir);
}

std::string ConfigHome() {
  if (const std::string config = Variable("XDG_CONFIG_HOME"); config.starts_with('/'))
    return config;
  const std::string home = Home();
  return home.empty() ? std::string() : home + "/.config";
}

}  // namespace hark::cli
