#include "tools/hark/service_manager.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/hark/run_program.h"

namespace hark::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{30};
// Starting waits until the daemon is ready, which a migration can delay.
constexpr std::chrono::minutes kStartPatience{11};

constexpr const char* kProperties[] = {"LoadState",
                                       "ActiveState",
                                       "SubState",
                                       "UnitFileState",
                                       "FragmentPath",
                                       "DropInPaths",
                                       "MainPID",
                                       "NRestarts",
                                       "Result",
                                       "ExecMainStatus",
                                       "ActiveEnterTimestamp",
                                       "WatchdogUSec"};

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

ExitCode Trouble(ExitCode code, const std::string& sentence) {
  return Report(code, sentence.c_str());
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// In the first lines: a property list has its mark in the second.
bool HasMark(const std::string& text) {
  return text.substr(0, 256).find(kServiceMark) != std::string::npos;
}

bool Exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

// The new text is there whole, or the old one is.
bool Replace(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  const int fd =
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return false;
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written && ::rename(beside.c_str(), path.c_str()) == 0) return true;
  const int failed = written ? errno : error;
  ::unlink(beside.c_str());
  errno = failed;
  return false;
}

ExitCode MakeFolders(const ServicePlan& plan) {
  for (const std::string& folder : plan.private_folders) {
    if (Exists(folder)) continue;
    std::error_code error;
    fs::create_directories(fs::path(folder).parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return Trouble(kUnexpected, "cannot make the folder " + folder + ": " +
                                      std::generic_category().message(errno));
    }
  }
  return kOk;
}

ExitCode CheckFiles(const ServicePlan& plan) {
  for (const ServiceFile& file : plan.files) {
    if (Exists(file.path) && !HasMark(Read(file.path))) {
      return Trouble(kConflict, file.path +
                                    " is there and was not written by 'hark service install': "
                                    "move it away, or keep to it");
    }
  }
  return kOk;
}

// The paths of those that were not so already are added to `changed`.
ExitCode WriteFiles(const ServicePlan& plan, std::set<std::string>& changed) {
  for (const ServiceFile& file : plan.files) {
    if (Read(file.path) == file.text) continue;
    std::error_code error;
    fs::create_directories(fs::path(file.path).parent_path(), error);
    changed.insert(file.path);
    if (!Replace(file.path, file.text)) {
      return Trouble(kUnexpected,
                     "cannot write " + file.path + ": " + std::generic_category().message(errno));
    }
  }
  return kOk;
}

void RemoveStale(const ServicePlan& plan, std::set<std::string>& changed) {
  for (const std::string& path : plan.stale) {
    if (HasMark(Read(path)) && ::unlink(path.c_str()) == 0) changed.insert(path);
  }
  for (const std::string& folder : plan.empty_folders) ::rmdir(folder.c_str());
}

}  // namespace

ServiceManager ManagerHere() {
#ifdef __APPLE__
  return ServiceManager::kLaunchd;
#else
  return ServiceManager::kSystemd;
#endif
}

std::optional<std::string> ManagerProblem(ServiceManager manager) {
  if (manager == ServiceManager::kLaunchd) return std::nullopt;
  const ProgramResult shown =
      RunProgram({"systemctl", "--user", "show", "-p", "Version"}, kPatience);
  if (shown.code == 0) return std::nullopt;
  if (shown.code == ProgramResult::kNotStarted) return "there is no systemctl on this system";
  return "systemd does not answer for this user (no log-in session, or XDG_RUNTIME_DIR is not "
         "set): " +
         FirstLine(shown.err);
}

std::map<std::string, std::string> ParseProperties(std::string_view text) {
  std::map<std::string, std::string> properties;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      properties.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return properties;
}

std::map<std::string, std::string> UnitProperties(const std::string& unit) {
  std::vector<std::string> words{"systemctl", "--user", "show", unit};
  for (const char* property : kProperties) {
    words.emplace_back("--property");
    words.emplace_back(property);
  }
  const ProgramResult shown = RunProgram(words, kPatience);
  return shown.code == 0 ? ParseProperties(shown.out) : std::map<std::string, std::string>();
}

bool UserNamespacesWork() {
  const ProgramResult tried = RunProgram({"systemd-run",
                                          "--user",
                                          "--quiet",
                                          "--wait",
                                          "--collect",
                                          "-p",
                                          "Type=exec",
                                          "-p",
                                          "PrivateUsers=yes",
                                          "-p",
                                          "ProtectSystem=strict",
                                          "-p",
                                          "ProtectHome=read-only",
                                          "-p",
                                          "PrivateTmp=yes",
                                          "-p",
                                          "PrivateDevices=yes",
                                          "-p",
                                          "ProtectControlGroups=yes",
                                          "-p",
                                          "ProtectKernelTunables=yes",
                                          "-p",
                                          "CapabilityBoundingSet=",
                                          "/bin/true"},
                                         kPatience);
  return tried.code == 0;
}

ExitCode CarryOut(const ServicePlan& plan) {
  if (const ExitCode code = CheckFiles(plan); code != kOk) return code;
  for (const PlannedCommand& command : plan.before) (void)RunProgram(command.words, kPatience);
  if (const ExitCode code = MakeFolders(plan); code != kOk) return code;
  std::set<std::string> changed;
  if (const ExitCode code = WriteFiles(plan, changed); code != kOk) return code;
  RemoveStale(plan, changed);
  for (const PlannedCommand& command : plan.after) {
    if (!command.if_changed.empty() && !changed.contains(command.if_changed)) continue;
    const ProgramResult done = RunProgram(command.words, kStartPatience);
    if (done.code == 0) continue;
    return Trouble(kUnexpected, "'" + Joined(command.words) + "' failed: " + FirstLine(done.err));
  }
  return kOk;
}

}  // namespace hark::cli
