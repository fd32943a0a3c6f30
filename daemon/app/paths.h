// Where harkd's files are by default (XDG), and the private folders they are kept in.

#ifndef HARK_DAEMON_APP_PATHS_H_
#define HARK_DAEMON_APP_PATHS_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "daemon/base/result.h"

namespace hark::app {

// What the defaults depend on, as a value: tests make their own instead of changing the process.
struct Environment {
  // Takes it from this process. Call once at start, before other threads.
  [[nodiscard]] static Environment OfThisProcess();

  // Empty when unset; the two mean the same to XDG.
  [[nodiscard]] std::string Get(const std::string& name) const;

  std::map<std::string, std::string> variables;
  uid_t uid = 0;
  std::string passwd_home;  // the user's home in the user database; empty: none
  std::filesystem::path current_folder;
};

// $HOME, or what the user database says. Empty when neither is an absolute path.
[[nodiscard]] std::filesystem::path HomeFolder(const Environment& environment);

// The defaults: below the XDG folders, of which relative values are ignored, as XDG demands.
// kInvalidArgument: a home folder is needed and there is none.
[[nodiscard]] Result<std::filesystem::path> DefaultConfigFile(const Environment& environment);
[[nodiscard]] Result<std::filesystem::path> DefaultDataFolder(const Environment& environment);
// Where no XDG_RUNTIME_DIR is: a folder of this user in TMPDIR or /tmp.
[[nodiscard]] std::filesystem::path DefaultSocket(const Environment& environment);

// Makes sure that the folder exists, belongs to this user and is closed to all others: makes it and
// its parents (0700), and tightens a wider mode. kInvalidArgument, with a sentence, when it is a
// symbolic link, no folder, foreign, shared (such as /tmp) or cannot be written.
[[nodiscard]] Result<void> EnsurePrivateFolder(const std::filesystem::path& folder);

// The kernel takes no longer path for a socket: 107 bytes on Linux.
[[nodiscard]] Result<void> CheckSocketPath(const std::filesystem::path& socket);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_PATHS_H_
