#include "daemon/keys/private_file.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/hex.h"

namespace hark::keys {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

class UniqueFd {
 public:
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string Quoted(const fs::path& path) {
  return "'" + path.string() + "'";
}

tl::unexpected<Error> FailErrno(const std::string& what, const fs::path& path, int error) {
  // Which of the files it was does not help who has to make room.
  if (error == ENOSPC || error == EDQUOT)
    return Fail(ErrorCode::kResourceExhausted, "the disk is full");
  return Fail(ErrorCode::kInternal,
              what + " " + Quoted(path) + ": " + std::generic_category().message(error));
}

tl::unexpected<Error> Refuse(const fs::path& path, const std::string& why) {
  return Fail(ErrorCode::kCorrupt, Quoted(path) + " " + why);
}

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Result<void> CheckFile(const fs::path& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return Refuse(path, "is not a plain file");
  if (info.st_uid != ::geteuid()) return Refuse(path, "belongs to another user");
  if ((info.st_mode & 0177) != 0) {
    return Refuse(path, "can be read by others, so it is not trusted; if it is yours: chmod 600");
  }
  return {};
}

// Who may write the folder may exchange the file.
Result<void> CheckFolder(const fs::path& folder, int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return FailErrno("cannot look at", folder, errno);
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return Refuse(folder, "belongs to another user");
  if ((info.st_mode & 0022) != 0) {
    return Refuse(
        folder,
        "can be written by others, so keys in it are not trusted; if it is yours: chmod 700");
  }
  return {};
}

Result<void> SyncFolder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return FailErrno("cannot write the folder", folder, errno);
  return {};
}

Result<void> PrepareFolder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) == 0) {
    if (Result<void> synced = SyncFolder(FolderOf(folder)); !synced) return synced;
  } else if (errno != EEXIST) {
    return FailErrno("cannot make the folder", folder, errno);
  }
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno("cannot open the folder", folder, errno);
  return CheckFolder(folder, fd.get());
}

Result<void> WriteAll(const fs::path& path, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FailErrno("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return FailErrno("cannot write", path, errno);
  return {};
}

// A file beside `path` that nobody else writes: random, so that racing callers never share one.
fs::path TemporaryName(const fs::path& path) {
  return path.string() + "." + ToHex(Secret::Random(8).bytes()) + ".tmp";
}

Result<fs::path> WriteTemporary(const fs::path& path, std::string_view bytes) {
  fs::path temporary = TemporaryName(path);
  const UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!fd.valid()) return FailErrno("cannot create", temporary, errno);
  if (Result<void> written = WriteAll(temporary, fd.get(), bytes); !written) {
    ::unlink(temporary.c_str());
    return tl::unexpected(std::move(written).error());
  }
  return temporary;
}

// Gives the temporary file its name unless that is taken. Returns 0 or an errno.
int PublishNew(const fs::path& temporary, const fs::path& path) {
#if defined(__linux__)
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  // Some network file systems do not know the flag; a hard link refuses a taken name everywhere.
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  if (::link(temporary.c_str(), path.c_str()) != 0) return errno;
  ::unlink(temporary.c_str());
  return 0;
}

int PublishOver(const fs::path& temporary, const fs::path& path) {
  return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

Result<void> WritePrivateFile(const fs::path& path, std::string_view bytes,
                              int (*publish)(const fs::path&, const fs::path&)) {
  if (Result<void> prepared = PrepareFolder(FolderOf(path)); !prepared) return prepared;
  const Result<fs::path> temporary = WriteTemporary(path, bytes);
  if (!temporary) return tl::unexpected(temporary.error());
  if (const int error = publish(*temporary, path); error != 0) {
    ::unlink(temporary->c_str());
    if (error == EEXIST) return Fail(ErrorCode::kConflict, Quoted(path) + " is there already");
    return FailErrno("cannot create", path, error);
  }
  return SyncFolder(FolderOf(path));
}

bool IsLeftoverOf(const std::string& name, const std::string& base) {
  return name.starts_with(base + ".") && name.ends_with(".tmp");
}

}  // namespace

Result<FolderLock> FolderLock::Take(const fs::path& folder) {
  if (Result<void> prepared = PrepareFolder(folder); !prepared)
    return tl::unexpected(std::move(prepared).error());
  FolderLock lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.fd_ < 0) return FailErrno("cannot open the folder", folder, errno);
  int locked = 0;
  do {
    locked = ::flock(lock.fd_, LOCK_EX);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0) return FailErrno("cannot lock the folder", folder, errno);
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Secret> ReadPrivateFile(const fs::path& path, std::size_t max_bytes) {
  // Non-blocking, or a FIFO put in its place would hold the daemon for ever; it has no effect on a
  // plain file.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ENOENT) return Fail(ErrorCode::kNotFound, Quoted(path) + " does not exist");
    if (error == ELOOP) return Refuse(path, "is a symbolic link, which is not followed for keys");
    if (error == ENXIO) return Refuse(path, "is not a plain file");
    return FailErrno("cannot open", path, error);
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return FailErrno("cannot look at", path, errno);
  if (Result<void> checked = CheckFile(path, info); !checked)
    return tl::unexpected(std::move(checked).error());
  const fs::path folder = FolderOf(path);
  const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_fd.valid()) return FailErrno("cannot open the folder", folder, errno);
  if (Result<void> checked = CheckFolder(folder, folder_fd.get()); !checked) {
    return tl::unexpected(std::move(checked).error());
  }

  // One byte more than allowed, so that a longer file is seen; allocated once, so that no copy of a
  // key is left behind.
  std::string bytes(max_bytes + 1, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      const Secret wiped(std::move(bytes));
      return FailErrno("cannot read", path, error);
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  Secret secret(std::move(bytes));
  if (filled > max_bytes)
    return Refuse(path, "is longer than " + std::to_string(max_bytes) + " bytes");
  return secret;
}

Result<void> CreatePrivateFile(const fs::path& path, std::string_view bytes) {
  return WritePrivateFile(path, bytes, PublishNew);
}

Result<void> ReplacePrivateFile(const fs::path& path, std::string_view bytes) {
  return WritePrivateFile(path, bytes, PublishOver);
}

Result<void> RemovePrivateFile(const fs::path& path) {
  const fs::path folder = FolderOf(path);
  bool removed = false;
  if (::unlink(path.c_str()) == 0) {
    removed = true;
  } else if (errno != ENOENT) {
    return FailErrno("cannot remove", path, errno);
  }
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!IsLeftoverOf(entry->path().filename().string(), path.filename().string())) continue;
    if (::unlink(entry->path().c_str()) != 0)
      return FailErrno("cannot remove", entry->path(), errno);
    removed = true;
  }
  if (!removed) return {};
  return SyncFolder(folder);
}

}  // namespace hark::keys
