#include "daemon/app/paths.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char**
    environ;  // NOLINT(readability-redundant-declaration): not every C library declares it

namespace hark::app {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivate = 0700;
constexpr std::size_t kSocketPathMaxBytes = sizeof(sockaddr_un::sun_path) - 1;

std::string PasswdHome(uid_t uid) {
  std::vector<char> buffer(16 * 1024);
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return {};
  return found->pw_dir == nullptr ? std::string() : std::string(found->pw_dir);
}

bool IsAbsolute(const std::string& path) {
  return path.starts_with('/');
}

// An XDG base folder: the variable, or its place below the home folder.
Result<fs::path> BaseFolder(const Environment& environment, const std::string& variable,
                            const char* below_home) {
  if (const std::string value = environment.Get(variable); IsAbsolute(value))
    return fs::path(value);
  const fs::path home = HomeFolder(environment);
  if (home.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "cannot tell where your files are: neither " +
                                                 variable + " nor HOME is an absolute path");
  }
  return home / below_home;
}

tl::unexpected<Error> RefuseFolder(const fs::path& folder, const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, "the folder '" + folder.string() + "' " + why);
}

tl::unexpected<Error> RefuseErrno(const fs::path& folder, const std::string& what, int error) {
  return RefuseFolder(folder, what + ": " + std::generic_category().message(error));
}

// A trailing slash or dot would make the kernel follow a link that O_NOFOLLOW is there to refuse.
fs::path WithoutTrailing(const fs::path& folder) {
  std::string text = folder.string();
  while (text.size() > 1 && (text.ends_with('/') || text.ends_with("/."))) text.pop_back();
  return text;
}

// Makes what is missing, from the top down; each new name is on disk before anything is put below
// it.
Result<void> MakeFolders(const fs::path& folder) {
  fs::path prefix;
  for (const fs::path& part : folder) {
    const fs::path parent = prefix;
    prefix /= part;
    if (::mkdir(prefix.c_str(), kPrivate) == 0) {
      const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd < 0) continue;  // a parent that may be searched and not read: nothing can be done
      ::fsync(fd);
      ::close(fd);
    } else if (errno != EEXIST) {
      const int error = errno;
      struct stat info{};
      // On a read-only disk or in a folder of somebody else mkdir may complain about a parent that
      // is there.
      if (::stat(prefix.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) continue;
      return RefuseErrno(prefix, "cannot be made", error);
    }
  }
  return {};
}

Result<void> TightenFolder(const fs::path& folder, int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return RefuseErrno(folder, "cannot be looked at", errno);
  if (info.st_uid != ::geteuid()) return RefuseFolder(folder, "belongs to another user");
  if ((info.st_mode & S_ISVTX) != 0 || folder == "/") {
    return RefuseFolder(folder, "is shared with other users; name a folder of your own");
  }
  if ((info.st_mode & 0077) != 0 && ::fchmod(fd, kPrivate) != 0) {
    return RefuseErrno(folder, "is open to other users and cannot be closed to them", errno);
  }
  if (::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return RefuseErrno(folder, "cannot be written", errno);
  }
  return {};
}

}  // namespace

Environment Environment::OfThisProcess() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  environment.uid = ::geteuid();
  environment.passwd_home = PasswdHome(environment.uid);
  std::error_code error;
  environment.current_folder = fs::current_path(error);
  return environment;
}

std::string Environment::Get(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

fs::path HomeFolder(const Environment& environment) {
  if (const std::string home = environment.Get("HOME"); IsAbsolute(home)) return home;
  return IsAbsolute(environment.passwd_home) ? fs::path(environment.passwd_home) : fs::path();
}

Result<fs::path> DefaultConfigFile(const Environment& environment) {
  const Result<fs::path> base = BaseFolder(environment, "XDG_CONFIG_HOME", ".config");
  if (!base) return base;
  return *base / "hark" / "harkd.toml";
}

Result<fs::path> DefaultDataFolder(const Environment& environment) {
  const Result<fs::path> base = BaseFolder(environment, "XDG_DATA_HOME", ".local/share");
  if (!base) return base;
  return *base / "hark";
}

fs::path DefaultSocket(const Environment& environment) {
  if (const std::string runtime = environment.Get("XDG_RUNTIME_DIR"); IsAbsolute(runtime)) {
    return fs::path(runtime) / "hark" / "harkd.sock";
  }
  const std::string temporary = environment.Get("TMPDIR");
  return fs::path(IsAbsolute(temporary) ? temporary : "/tmp") /
         ("hark-" + std::to_string(environment.uid)) / "harkd.sock";
}

Result<void> EnsurePrivateFolder(const fs::path& requested) {
  const fs::path folder = WithoutTrailing(requested);
  if (!folder.is_absolute()) return RefuseFolder(folder, "must be named by an absolute path");
  if (Result<void> made = MakeFolders(folder); !made) return made;
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    struct stat info{};
    if (::lstat(folder.c_str(), &info) == 0) {
      if (S_ISLNK(info.st_mode))
        return RefuseFolder(folder, "is a symbolic link, which is not followed here");
      if (!S_ISDIR(info.st_mode)) return RefuseFolder(folder, "is not a folder");
      if (info.st_uid != ::geteuid()) return RefuseFolder(folder, "belongs to another user");
    }
    return RefuseErrno(folder, "cannot be opened", error);
  }
  Result<void> tightened = TightenFolder(folder, fd);
  ::close(fd);
  return tightened;
}

Result<void> CheckSocketPath(const fs::path& socket) {
  const std::size_t length = socket.native().size();
  if (length <= kSocketPathMaxBytes) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the socket's path '" + socket.string() + "' has " + std::to_string(length) +
                  " bytes; the system allows at most " + std::to_string(kSocketPathMaxBytes));
}

}  // namespace hark::app
