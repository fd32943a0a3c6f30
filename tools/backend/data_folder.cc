#include "tools/backend/data_folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hark::backend {
namespace {

std::string Reason() {
  return std::generic_category().message(errno);
}

}  // namespace

Result<DataFolder> DataFolder::Open(const std::string& path) {
  if (path.empty()) return Fail(ErrorCode::kDataFolder, "the data folder has no name");
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(ErrorCode::kDataFolder, "cannot make the data folder " + path + ": " + Reason());
  }
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    return Fail(ErrorCode::kDataFolder, "cannot use the data folder " + path + ": " + Reason());
  }
  if (!S_ISDIR(status.st_mode)) {
    return Fail(ErrorCode::kDataFolder, path + " is not a folder");
  }
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Fail(ErrorCode::kDataFolder,
                "cannot write in the data folder " + path + ": " + Reason());
  }
  return DataFolder(path);
}

Result<FolderLock> FolderLock::Take(const DataFolder& folder) {
  const std::string path = folder.lock_file();
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Fail(ErrorCode::kDataFolder, "cannot open " + path + ": " + Reason());
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string reason = Reason();
    close(descriptor);
    if (taken) {
      return Fail(ErrorCode::kInUse, "another hark-backend is using this data folder");
    }
    return Fail(ErrorCode::kDataFolder, "cannot lock " + path + ": " + reason);
  }
  return FolderLock(descriptor);
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace hark::backend
