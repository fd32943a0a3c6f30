#include "daemon/ipc/acceptor.h"

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/log.h"

namespace hark::ipc {
namespace {

// When descriptors have run out, the waiting connection stays readable: without a pause the thread
// would spin.
constexpr int kPauseMs = 100;

// Of the process at the other end, when it connected.
std::optional<uid_t> PeerUid(int fd) {
#ifdef __linux__
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
#else
  uid_t uid = 0;
  gid_t gid = 0;
  if (::getpeereid(fd, &uid, &gid) != 0) return std::nullopt;
  return uid;
#endif
}

int AcceptPrivate(int listening_fd) {
#ifdef __linux__
  return ::accept4(listening_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  const int fd = ::accept(listening_fd, nullptr, nullptr);
  if (fd >= 0) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  return fd;
#endif
}

}  // namespace

Acceptor::Acceptor(Metrics& metrics, OnConnection on_connection)
    : metrics_(metrics), on_connection_(std::move(on_connection)) {}

Acceptor::~Acceptor() {
  Stop();
}

Result<void> Acceptor::Start(int listening_fd) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return Fail(ErrorCode::kResourceExhausted, "no descriptor is left for the accepting thread");
  }
  wake_read_ = ends[0];
  wake_write_ = ends[1];
  for (const int fd : ends) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  thread_ = std::thread([this, listening_fd] { Run(listening_fd); });
  return {};
}

void Acceptor::Stop() {
  if (!thread_.joinable()) return;
  ::close(wake_write_);
  thread_.join();
  ::close(wake_read_);
}

void Acceptor::Run(int listening_fd) {
#ifdef __linux__
  ::pthread_setname_np(::pthread_self(), "hark-accept");
#endif
  std::array<pollfd, 2> waits{pollfd{wake_read_, POLLIN, 0}, pollfd{listening_fd, POLLIN, 0}};
  bool pause = false;
  while (true) {
    // While pausing, only the wake-up is waited for.
    const int ready = ::poll(waits.data(), pause ? 1 : 2, pause ? kPauseMs : -1);
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && waits[0].revents != 0) return;
    pause = !AcceptOne(listening_fd);
  }
}

bool Acceptor::AcceptOne(int listening_fd) {
  const int fd = AcceptPrivate(listening_fd);
  if (fd < 0) {
    const bool exhausted =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return !exhausted;
  }
  if (PeerUid(fd) != ::geteuid()) {
    ++metrics_.refused_peers;
    log::Warning("peer_refused");
    ::close(fd);
    return true;
  }
  on_connection_(fd);
  return true;
}

}  // namespace hark::ipc
