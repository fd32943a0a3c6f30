// The Unix socket that clients connect to, private from its first instant: made by hand, since gRPC
// guards its own neither against another server nor against another user.

#ifndef HARK_DAEMON_IPC_LISTENING_SOCKET_H_
#define HARK_DAEMON_IPC_LISTENING_SOCKET_H_

#include <cstddef>
#include <filesystem>

#include <sys/types.h>

#include "daemon/base/result.h"

namespace hark::ipc {

// sun_path holds 108 bytes on Linux (104 elsewhere), the last of them a zero.
inline constexpr std::size_t kSocketPathBytes = 107;

// Move-only. Confined to one thread at a time; fd() may be used by another while this object lives.
class ListeningSocket {
 public:
  // Binds and listens at `path`. Requires that the caller holds the instance lock (flock): only
  // then is a socket that nobody answers at surely left over, and replaced.
  //
  // The folder is made if it is missing, must be a real one of this user, and is closed to others
  // (0700); the shared ones (with the sticky bit), the home folder and those directly below the
  // root are refused rather than closed. kInvalidArgument: the path or its folder cannot be used.
  // kConflict: somebody answers there.
  [[nodiscard]] static Result<ListeningSocket> Open(const std::filesystem::path& path);

  // Takes over a socket that a service manager made and passed on: it must listen at `path`, which,
  // with its folder, must be closed to others just as well. Its file stays when this is destroyed,
  // for the service manager to listen on. Closes `fd` on an error. kInvalidArgument: it is no such
  // socket.
  [[nodiscard]] static Result<ListeningSocket> Adopt(int fd, const std::filesystem::path& path);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  // Closes, and removes the file if it is still this socket's.
  ~ListeningSocket();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  ListeningSocket(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::filesystem::path path_;
  // What was at path_ after bind; 0: nothing to remove.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_LISTENING_SOCKET_H_
