#include "daemon/app/single_instance.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hark::app {
namespace {

namespace fs = std::filesystem;

// How often the file may be replaced between opening and locking it before something is clearly
// wrong.
constexpr int kAttempts = 10;

tl::unexpected<Error> FailErrno(const fs::path& path, int error) {
  return Fail(ErrorCode::kInvalidArgument,
              "cannot lock '" + path.string() + "': " + std::generic_category().message(error));
}

// " (pid 123)", or nothing if the holder has not written it yet.
std::string Holder(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  if (got <= 0) return {};
  long pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + got, pid);
  if (parsed.ec != std::errc() || pid <= 0) return {};
  return " (pid " + std::to_string(pid) + ")";
}

bool IsStillNamed(int fd, const fs::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(fd, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// For people only; a full disk does not make the lock worse.
void WritePid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) < 0) return;
}

int OpenAndLock(const fs::path& path, int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EINVAL;
  int locked = 0;
  do {
    locked = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0) return errno;
  return IsStillNamed(fd, path) ? 0 : ESTALE;
}

}  // namespace

Result<LockFile> LockFile::Acquire(const fs::path& path) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    LockFile lock(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (lock.fd_ < 0) return FailErrno(path, errno);
    const int error = OpenAndLock(path, lock.fd_);
    if (error == 0) {
      WritePid(lock.fd_);
      return lock;
    }
    if (error == EWOULDBLOCK) {
      return Fail(ErrorCode::kConflict, "another harkd" + Holder(lock.fd_) + " already uses '" +
                                            path.parent_path().string() + "'");
    }
    if (error != ESTALE) return FailErrno(path, error);
  }
  return FailErrno(path, ESTALE);
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  if (this != &other) {
    Release();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

LockFile::~LockFile() {
  Release();
}

void LockFile::Release() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

fs::path DataLockPath(const fs::path& data_dir) {
  return data_dir / "harkd.lock";
}

fs::path SocketLockPath(const fs::path& socket) {
  return fs::path(socket.string() + ".lock");
}

}  // namespace hark::app
