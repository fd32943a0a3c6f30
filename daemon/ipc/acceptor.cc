#include "daemon/ipc/acceptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"

namespace hark::ipc {
namespace {

// When descriptors have run out, the waiting connection stays readable: without a pause the thread
// would spin.
constexpr int kPauseMs = 100;
// Between two looks at the memory: when it grows or somebody came, and otherwise.
constexpr std::chrono::seconds kLookSoon{1};
constexpr std::chrono::seconds kLook{10};
constexpr std::size_t kGrowth = std::size_t{4} * 1024 * 1024;

// Of the process at the other end, when it connected.
struct Peer {
  uid_t uid = 0;
  pid_t process = 0;  // 0: not told.
};

std::optional<Peer> PeerOf(int fd) {
#ifdef __linux__
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return Peer{peer.uid, peer.pid};
#else
  Peer peer;
  gid_t gid = 0;
  if (::getpeereid(fd, &peer.uid, &gid) != 0) return std::nullopt;
#ifdef LOCAL_PEERPID
  socklen_t size = sizeof(peer.process);
  if (::getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &peer.process, &size) != 0) peer.process = 0;
#endif
  return peer;
#endif
}

// Empty SETTINGS, with which a server has to begin, and GOAWAY with the reason as its debug data.
std::string TooManyConnections() {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kWhy = "too many connections of this process: close one first";
  constexpr std::string_view kSettings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"sv;
  constexpr std::string_view kGoAway = "\x07\x00\x00\x00\x00\x00"sv;
  constexpr std::string_view kNoStreamEnhanceYourCalm = "\x00\x00\x00\x00\x00\x00\x00\x0b"sv;
  const std::array<char, 3> size{0, 0,
                                 static_cast<char>(kNoStreamEnhanceYourCalm.size() + kWhy.size())};
  std::string answer(kSettings);
  answer.append(size.data(), size.size());
  return answer.append(kGoAway).append(kNoStreamEnhanceYourCalm).append(kWhy);
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

Acceptor::Acceptor(Metrics& metrics, ConnectionLimits limits, OnConnection on_connection)
    : metrics_(metrics), open_(limits), on_connection_(std::move(on_connection)) {}

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
  using std::chrono::steady_clock;
  auto look_at = steady_clock::now();
  bool pause = false;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(look_at - steady_clock::now());
    const int wait_ms = std::max(0, static_cast<int>(left.count()));
    // While pausing, only the wake-up is waited for.
    const int ready = ::poll(waits.data(), pause ? 1 : 2, pause ? kPauseMs : wait_ms);
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && waits[0].revents != 0) return;
    if (steady_clock::now() >= look_at) {
      const bool soon = LookAtMemory();
      look_at = steady_clock::now() + (soon ? kLookSoon : kLook);
    }
    pause = (pause || ready > 0) && !AcceptOne(listening_fd);
    if (accepted_) look_at = std::min(look_at, steady_clock::now() + kLookSoon);
  }
}

bool Acceptor::AcceptOne(int listening_fd) {
  const int fd = AcceptPrivate(listening_fd);
  if (fd < 0) {
    const bool exhausted =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return !exhausted;
  }
  const std::optional<Peer> peer = PeerOf(fd);
  if (!peer || peer->uid != ::geteuid()) {
    ++metrics_.refused_peers;
    log::Warning("peer_refused");
    ::close(fd);
    return true;
  }
  if (!open_.Admit(fd, peer->process)) {
    RefuseOneTooMany(fd);
    return true;
  }
  full_ = false;
  accepted_ = true;
  on_connection_(fd);
  return true;
}

bool Acceptor::LookAtMemory() {
  const std::size_t before = memory_.resident();
  (void)memory_.GiveBack();
  if (memory_.resident() > limits::kMemoryBytes) {
    ++metrics_.memory_full;
    log::Warning("memory_full");
    open_.EndAll();
  }
  return std::exchange(accepted_, false) || memory_.resident() > before + kGrowth;
}

void Acceptor::RefuseOneTooMany(int fd) {
  ++metrics_.refused_connections;
  if (!std::exchange(full_, true)) log::Warning("connections_full");
  // Into an empty buffer, so it fits; a client that is gone already does not mind.
  static const std::string answer = TooManyConnections();
  (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(fd);
}

}  // namespace hark::ipc
