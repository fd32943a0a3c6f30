#include "daemon/ipc/socket_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hark::ipc {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Refuse(const fs::path& folder, const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, "the socket's folder " + folder.string() + " " + why);
}

std::string Reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// Closing one of these to others would break more than Hark.
bool BelongsToMore(const fs::path& folder, mode_t mode) {
  if ((mode & S_ISVTX) != 0) return true;
  std::error_code ignored;
  const fs::path real = fs::canonical(folder, ignored);
  if (real == real.root_path() || real.parent_path() == real.root_path()) return true;
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return home != nullptr && *home != '\0' && fs::equivalent(real, home, ignored);
}

}  // namespace

Result<void> PrepareSocketFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);  // Whether it worked shows in mkdir.
  const bool made = ::mkdir(folder.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return Refuse(folder, "cannot be made: " + Reason(errno));

  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const bool wrong_kind = errno == ENOTDIR || errno == ELOOP;
    return Refuse(folder, wrong_kind ? "is not a folder, or is a symbolic link"
                                     : "cannot be opened: " + Reason(errno));
  }
  // Of the open folder, so that nothing can be put in its place between the look and the change.
  struct stat info{};
  Result<void> result;
  if (::fstat(fd, &info) != 0) {
    result = Refuse(folder, "cannot be examined: " + Reason(errno));
  } else if (info.st_uid != ::geteuid()) {
    result = Refuse(folder, "belongs to another user");
  } else if ((info.st_mode & 07777) == 0700) {
    result = {};
  } else if (BelongsToMore(folder, info.st_mode)) {
    result = Refuse(folder, "is open to other users and not Hark's to close: choose another one");
  } else if (::fchmod(fd, 0700) != 0) {
    result = Refuse(folder, "cannot be closed to other users: " + Reason(errno));
  }
  ::close(fd);
  return result;
}

}  // namespace hark::ipc
