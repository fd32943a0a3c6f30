#include "daemon/ipc/listening_socket.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ipc/socket_folder.h"

namespace hark::ipc {
namespace {

namespace fs = std::filesystem;

static_assert(kSocketPathBytes <= sizeof(sockaddr_un::sun_path));

// Connections that wait to be accepted; a burst of clients at log-in.
constexpr int kBacklog = 128;

std::string Reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

tl::unexpected<Error> Refuse(const fs::path& path, const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, "the socket path " + path.string() + " " + why);
}

sockaddr_un AddressOf(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

int NewSocket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

// Removes the socket of a daemon that is gone. Anything else at `path` is left as it is.
Result<void> RemoveStale(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return Refuse(path, "cannot be examined: " + Reason(errno));
  }
  if (!S_ISSOCK(info.st_mode)) return Refuse(path, "is taken by something that is not a socket");
  if (info.st_uid != ::geteuid()) return Refuse(path, "is taken by another user's socket");

  const int probe = NewSocket();
  if (probe < 0) return Fail(ErrorCode::kResourceExhausted, "no socket: " + Reason(errno));
  // Not blocking: one that is alive but does not accept would hold us up.
  ::fcntl(probe, F_SETFL, O_NONBLOCK);
  const sockaddr_un address = AddressOf(path);
  const int connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  ::close(probe);
  if (connected == 0 || error == EAGAIN || error == EINPROGRESS) {
    return Fail(ErrorCode::kConflict, "another program answers at " + path.string());
  }
  if (error != ECONNREFUSED && error != ENOENT) {
    return Refuse(path, "is taken, and whether it is in use is unknown: " + Reason(error));
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Refuse(path, "holds an old socket that cannot be removed: " + Reason(errno));
  }
  return {};
}

}  // namespace

Result<ListeningSocket> ListeningSocket::Open(const fs::path& path) {
  if (path.native().size() > kSocketPathBytes) {
    return Refuse(path, "has " + std::to_string(path.native().size()) + " bytes; at most " +
                            std::to_string(kSocketPathBytes) + " are possible");
  }
  if (!path.is_absolute() || !path.has_filename()) return Refuse(path, "is not absolute");
  if (auto folder = PrepareSocketFolder(path.parent_path()); !folder) {
    return tl::unexpected(folder.error());
  }
  if (auto free = RemoveStale(path); !free) return tl::unexpected(free.error());

  const int fd = NewSocket();
  if (fd < 0) return Fail(ErrorCode::kResourceExhausted, "no socket: " + Reason(errno));
  ListeningSocket result(fd, path);
  // Before bind, and so before the file exists. Linux gives the file this mode; where that fails,
  // the folder protects it until the chmod below.
  (void)::fchmod(fd, 0600);
  const sockaddr_un address = AddressOf(path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Refuse(path, "cannot be bound: " + Reason(errno));
  }
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
    return Refuse(path, "was replaced by something else");
  }
  result.device_ = info.st_dev;
  result.inode_ = info.st_ino;
  if ((info.st_mode & 07777) != 0600 && ::chmod(path.c_str(), 0600) != 0) {
    return Refuse(path, "cannot be closed to other users: " + Reason(errno));
  }
  // Not blocking: a client may be gone between poll and accept.
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || ::listen(fd, kBacklog) != 0) {
    return Refuse(path, "cannot be listened at: " + Reason(errno));
  }
  return result;
}

Result<ListeningSocket> ListeningSocket::Adopt(int fd, const fs::path& path) {
  ListeningSocket result(fd, path);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  sockaddr_un address{};
  socklen_t size = sizeof(address);
  int type = 0;
  socklen_t type_size = sizeof(type);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sun_family != AF_UNIX ||
      ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM) {
    return Refuse(path, "cannot be used: what the service manager passed is no Unix socket");
  }
  // A path of full length has no zero at its end.
  const std::size_t bytes = ::strnlen(address.sun_path, size - offsetof(sockaddr_un, sun_path));
  const fs::path passed(std::string(address.sun_path, bytes));
  if (passed != path) {
    return Refuse(path, "is not where the service manager listens: that is " + passed.string());
  }
  if (auto folder = PrepareSocketFolder(path.parent_path()); !folder)
    return tl::unexpected(folder.error());
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & 077) != 0) {
    return Refuse(path, "is not closed to other users: the socket unit lacks SocketMode=0600");
  }
  int listening = 0;
  socklen_t listening_size = sizeof(listening);
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0 ||
      listening == 0 || ::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    return Refuse(path, "is not listened at");
  }
  return result;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

ListeningSocket::~ListeningSocket() {
  if (fd_ < 0) return;
  struct stat info{};
  // The file is removed before the socket is closed: while it is open nobody else can have the same
  // inode.
  if (inode_ != 0 && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  ::close(fd_);
}

}  // namespace hark::ipc
