// The checks of what is on the disk, and of the clock that stamps it.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hark/keys.h"
#include "tools/hark/doctor.h"
#include "tools/hark/key_text.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;

constexpr std::uintmax_t kMegabyte = std::uintmax_t{1024} * 1024;
// Below the first a sync may not fit, below the second a send may not.
constexpr std::uintmax_t kLittleSpace = 256 * kMegabyte;
constexpr std::uintmax_t kNoSpace = 16 * kMegabyte;
// What clocks of one machine and its file systems differ by.
constexpr std::chrono::minutes kAgree{5};
// Hark is not older than this.
constexpr system_clock::time_point kFirstDay =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1);

std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error))
    entries.push_back(entry->path());
  std::ranges::sort(entries);
  return entries;
}

std::vector<fs::path> Accounts(const Surroundings& around) {
  if (around.data_dir.empty()) return {};
  return Entries(fs::path(around.data_dir) / "accounts");
}

// What is wrong with a file or folder that must be this user's alone; empty: nothing, or it is not
// there.
std::string Openness(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (S_ISLNK(info.st_mode)) return path.string() + " is a symbolic link";
  if (info.st_uid != ::geteuid()) return path.string() + " belongs to another user";
  if ((info.st_mode & 077) != 0) return path.string() + " is open to other users";
  return {};
}

Finding NoConfig(const char* check) {
  return {check, Verdict::kWarning, "unknown while the set-up is wrong", ""};
}

std::uintmax_t SizeOf(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

bool IsThere(const fs::path& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

// What the daemon says of the keys; its sentence names the file or key store that is meant.
Finding KeyFinding(const client::KeyStatus& keys) {
  using State = client::KeyStatus::State;
  const auto problem = [&keys](const char* mend) {
    return Finding{"key", Verdict::kProblem, KeySentence(keys), mend};
  };
  switch (keys.state) {
    case State::kNone:
    case State::kReady: return {"key", Verdict::kGood, KeySentence(keys), ""};
    case State::kLocked:
      return problem("unlock the key store: log in to the desktop, or its key program");
    case State::kMissing:
      return problem("put the key back, start its key store, or: hark admin recover");
    case State::kWrongKey: return problem("put the right key back, or: hark admin recover");
    case State::kKeyStoreChanged:
      return problem(
          "start harkd with the kind that is recorded ([keys] kind), or put key and data back as "
          "of the same time");
    case State::kCorrupt:
      return problem("put the file that is named back from your backup, or close it to others");
    case State::kUnknown: break;
  }
  return {"key", Verdict::kWarning,
          "a newer daemon says something of it that this hark does not know", "install hark again"};
}

}  // namespace

Finding CheckPermissions(const Surroundings& around) {
  if (around.data_dir.empty()) return NoConfig("permissions");
  const fs::path data = around.data_dir;
  std::vector<fs::path> own{data,
                            fs::path(around.socket).parent_path(),
                            around.socket,
                            data / "accounts",
                            data / "keyring",
                            data / "keyring.copy"};
  for (const fs::path& account : Accounts(around)) {
    own.push_back(account);
    own.push_back(account / "cache.db");
    own.push_back(account / "authored.db");
  }
  for (const fs::path& path : own) {
    if (const std::string wrong = Openness(path); !wrong.empty()) {
      const bool folder = fs::is_directory(path);
      return {
          "permissions", Verdict::kProblem, wrong,
          std::string("make it yours alone: chmod ") + (folder ? "700 " : "600 ") + path.string()};
    }
  }
  std::error_code error;
  if (fs::exists(data, error) && ::access(data.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {"permissions", Verdict::kProblem,
            data.string() + " cannot be written: " + std::generic_category().message(errno),
            "make it writable, or name another folder under [storage] data_dir"};
  }
  return {"permissions", Verdict::kGood, "what is yours is closed to others", ""};
}

Finding CheckKey(const Surroundings& around) {
  if (around.daemon.keys) return KeyFinding(*around.daemon.keys);
  if (around.config.values.empty()) return NoConfig("key");
  const fs::path data = around.data_dir;
  const fs::path file = around.config.Value("keys.file");
  const std::string kind = around.config.Value("keys.kind");
  const bool has_ring = IsThere(data / "keyring") || IsThere(data / "keyring.copy");
  if (!has_ring && Accounts(around).empty())
    return {"key", Verdict::kGood, "is made at the first sign-in", ""};
  // An installation from before there were key rings gets one at its next start.
  if (!has_ring && !IsThere(file.parent_path() / "session.sealed")) {
    return {"key", Verdict::kProblem,
            "the key ring is missing, and there is encrypted data: " + (data / "keyring").string(),
            "put it back from your backup; nothing was changed"};
  }
  if (!IsThere(file) && kind == "file") {
    return {"key", Verdict::kProblem,
            "the key file is missing, and there is encrypted data: " + file.string(),
            "put it back from your backup; nothing was changed"};
  }
  if (!IsThere(file)) {
    return {"key", Verdict::kWarning,
            "is in no file; how its key store stands is unknown while the daemon does not answer",
            "start harkd, and look again"};
  }
  if (const std::string wrong = Openness(file); !wrong.empty()) {
    return {"key", Verdict::kProblem, wrong,
            "chmod 600 " + file.string() + "; if others could read it, it may be known to them"};
  }
  if (!fs::is_regular_file(file) || SizeOf(file) == 0) {
    return {"key", Verdict::kProblem, "the key file holds no key: " + file.string(),
            "put it back from your backup; nothing was changed"};
  }
  return {"key", Verdict::kGood, "the key file is there and closed to others", ""};
}

Finding CheckFiles(const Surroundings& around) {
  if (around.data_dir.empty()) return NoConfig("files");
  const std::vector<fs::path> accounts = Accounts(around);
  std::size_t aside = 0;
  for (const fs::path& account : accounts) {
    for (const char* name : {"authored.db", "cache.db"}) {
      if (SizeOf(account / name) > 0) continue;
      return {"files", Verdict::kProblem, (account / name).string() + " is missing or empty",
              std::string(name) == "authored.db"
                  ? "put it back from your backup: what was written here and not sent was in it"
                  : "start harkd: it fetches again what the backend has"};
    }
    aside += Entries(account / "set-aside").size();
  }
  if (aside > 0) {
    return {
        "files", Verdict::kWarning,
        "files were replaced " +
            (aside == 1 ? std::string("once") : std::to_string(aside) + " times") +
            " (a restore, or damage), and those of before are set aside",
        "if you restored nothing, look after the disk; when you miss nothing, remove the folder "
        "set-aside beside the files"};
  }
  if (accounts.empty()) return {"files", Verdict::kGood, "there are none yet", ""};
  return {"files", Verdict::kGood,
          std::to_string(accounts.size()) + (accounts.size() == 1 ? " account" : " accounts") +
              "; hark doctor does not read them",
          ""};
}

Finding CheckDisk(const Surroundings& around) {
  if (around.data_dir.empty()) return NoConfig("disk");
  fs::path folder = around.data_dir;
  std::error_code error;
  while (folder.has_relative_path() && !fs::exists(folder, error)) folder = folder.parent_path();
  struct statvfs space{};
  if (::statvfs(folder.c_str(), &space) != 0) {
    return {"disk", Verdict::kWarning,
            "its space is unknown: " + std::generic_category().message(errno), ""};
  }
  if ((space.f_flag & ST_RDONLY) != 0) {
    return {"disk", Verdict::kProblem, folder.string() + " is on a disk that is mounted read-only",
            "mount it for writing, or name another folder under [storage] data_dir"};
  }
  const std::uintmax_t free = static_cast<std::uintmax_t>(space.f_bavail) * space.f_frsize;
  const std::string what = Bytes(free) + " are free for " + folder.string();
  if (free < kNoSpace) {
    // Nothing of Hark gets smaller without some room to write in.
    return {"disk", Verdict::kProblem, what,
            "make room by removing something else; then bound the cache: [retention] max_mb"};
  }
  if (free < kLittleSpace) {
    return {"disk", Verdict::kWarning, what, "make room, or bound the cache: [retention] max_mb"};
  }
  return {"disk", Verdict::kGood, what, ""};
}

Finding CheckClock(const Surroundings& around) {
  const char* const mend = "set the clock: timedatectl set-ntp true";
  if (around.now < kFirstDay)
    return {"clock", Verdict::kProblem, "the clock says a day on which Hark did not exist yet",
            mend};
  for (const fs::path& account : Accounts(around)) {
    for (const fs::path& file : Entries(account)) {
      struct stat info{};
      if (::lstat(file.c_str(), &info) != 0) continue;
      if (system_clock::from_time_t(info.st_mtime) <= around.now + kAgree) continue;
      return {"clock", Verdict::kWarning,
              "files were written in the future: the clock was set back, or was wrong then", mend};
    }
  }
  return {"clock", Verdict::kGood, "agrees with when the files were written", ""};
}

}  // namespace hark::cli
