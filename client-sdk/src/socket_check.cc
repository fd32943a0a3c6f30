#include "client-sdk/src/socket_check.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hark::client {
namespace {

// Between two looks: 50, 100, then 200 ms, as the channel does.
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLastPause{200};

Error NoDaemon(std::string message) {
  return {ErrorCode::kNoDaemon, std::move(message), Retry::kAfterAction};
}

Error Untrusted(std::string message) {
  return {ErrorCode::kUntrustedDaemon, std::move(message), Retry::kAfterAction};
}

std::string Reason(int error) {
  return std::generic_category().message(error);
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Error CannotLook(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return NoDaemon("no daemon is running: there is no socket at " + path);
  }
  if (error == EACCES)
    return Untrusted("the daemon's socket " + path + " is not accessible to this user");
  return NoDaemon("the daemon's socket " + path + " cannot be looked at: " + Reason(error));
}

Result<void> CheckFolder(const std::string& path, uid_t self) {
  const std::string folder = FolderOf(path);
  struct stat info{};
  if (lstat(folder.c_str(), &info) != 0) return CannotLook(path, errno);
  if (S_ISLNK(info.st_mode))
    return Untrusted("the folder of the daemon's socket, " + folder + ", is a symbolic link");
  if (!S_ISDIR(info.st_mode))
    return NoDaemon("no daemon is running: " + folder + " is not a folder");
  if (info.st_uid != self && info.st_uid != 0) {
    return Untrusted("the folder of the daemon's socket, " + folder + ", belongs to another user");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Untrusted("others can write to the folder of the daemon's socket, " + folder);
  }
  return {};
}

Result<void> CheckFile(const std::string& path, uid_t self) {
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0) return CannotLook(path, errno);
  if (!S_ISSOCK(info.st_mode))
    return NoDaemon("no daemon is running: " + path + " is not a socket");
  if (info.st_uid != self)
    return Untrusted("the daemon's socket " + path + " belongs to another user");
  return {};
}

// Of the process that listens at the other end.
std::optional<uid_t> PeerUid(int fd) {
#if defined(__linux__)
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
#else
  uid_t uid = 0;
  gid_t gid = 0;
  if (getpeereid(fd, &uid, &gid) != 0) return std::nullopt;
  return uid;
#endif
}

Result<void> CheckPeer(const std::string& path, uid_t self) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (socket.get() < 0) {
    return Error{ErrorCode::kResourceExhausted, "no socket could be made: " + Reason(errno),
                 Retry::kLater};
  }
  // Non-blocking, since connecting to a full queue would wait for the daemon without an end.
  fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  fcntl(socket.get(), F_SETFL, O_NONBLOCK);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  // The sockets API takes every kind of address through this one type.
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  if (connect(socket.get(), any, sizeof address) != 0) {
    const int error = errno;
    if (error == ECONNREFUSED) return NoDaemon("no daemon is running: nobody listens on " + path);
    if (error == EAGAIN || error == EINPROGRESS) {
      return Error{ErrorCode::kUnavailable, "the daemon is too busy to take a connection",
                   Retry::kLater};
    }
    return CannotLook(path, error);
  }
  const std::optional<uid_t> peer = PeerUid(socket.get());
  if (!peer) return NoDaemon("the daemon on " + path + " went away");
  if (*peer != self) return Untrusted("the daemon on " + path + " runs as another user");
  return {};
}

}  // namespace

Result<void> CheckSocket(const std::string& path, uid_t self) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "the socket's path is not a file name", Retry::kNo};
  }
  if (path.size() > kMaxSocketPathBytes || path.size() >= sizeof(sockaddr_un{}.sun_path)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the socket's path has " + std::to_string(path.size()) + " bytes, but at most " +
                     std::to_string(kMaxSocketPathBytes) + " are possible",
                 Retry::kNo};
  }
  if (Result<void> file = CheckFile(path, self); !file) return file;
  if (Result<void> folder = CheckFolder(path, self); !folder) return folder;
  return CheckPeer(path, self);
}

Result<void> CheckSocket(const std::string& path) {
  return CheckSocket(path, geteuid());
}

Result<void> WaitForSocket(const std::string& path, Absence absence,
                           std::chrono::nanoseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const auto may_change = [absence](const Error& error) {
    return error.code == ErrorCode::kUnavailable ||
           (error.code == ErrorCode::kNoDaemon && absence == Absence::kMayEnd);
  };
  Result<void> check = CheckSocket(path);
  for (std::chrono::milliseconds pause = kFirstPause;
       !check && may_change(check.error()) && std::chrono::steady_clock::now() < deadline;
       pause = std::min(pause * 2, kLastPause)) {
    std::this_thread::sleep_for(pause);
    check = CheckSocket(path);
  }
  return check;
}

}  // namespace hark::client
