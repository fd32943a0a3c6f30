#include "daemon/ipc/open_connections.h"

#include <algorithm>
#include <optional>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace hark::ipc {
namespace {

// Of the store with its readers, the network, gRPC and the log: 35 were counted under load.
constexpr std::size_t kDescriptorsKept = 160;

// Of the socket itself, not of its path: no two that are open at one time have the same.
std::optional<ino_t> InodeOf(int fd) {
  struct stat found{};
  if (::fstat(fd, &found) != 0 || !S_ISSOCK(found.st_mode)) return std::nullopt;
  return found.st_ino;
}

}  // namespace

ConnectionLimits LimitsThatFit() {
  ConnectionLimits chosen;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return chosen;
  const std::size_t left =
      files.rlim_cur > 2 * kDescriptorsKept ? files.rlim_cur - kDescriptorsKept : kDescriptorsKept;
  if (left >= chosen.all) return chosen;
  // The same shares of less.
  return {left, left * chosen.per_process / chosen.all};
}

bool OpenConnections::Admit(int fd, pid_t process) {
  const std::optional<ino_t> inode = InodeOf(fd);
  if (!inode) return false;
  if (!Fits(process)) ForgetClosed();
  if (!Fits(process)) return false;
  connections_.push_back({fd, *inode, process});
  return true;
}

void OpenConnections::EndAll() {
  ForgetClosed();
  for (const Connection& open : connections_) ::shutdown(open.fd, SHUT_RDWR);
}

bool OpenConnections::Fits(pid_t process) const {
  if (connections_.size() >= limits_.all) return false;
  const auto of_process =
      std::count_if(connections_.begin(), connections_.end(),
                    [&](const Connection& open) { return open.process == process; });
  return static_cast<std::size_t>(of_process) < limits_.per_process;
}

void OpenConnections::ForgetClosed() {
  std::erase_if(connections_,
                [](const Connection& open) { return InodeOf(open.fd) != open.inode; });
}

}  // namespace hark::ipc
