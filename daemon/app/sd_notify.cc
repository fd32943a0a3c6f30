#include "daemon/app/sd_notify.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hark::app {
namespace {

tl::unexpected<Error> FailErrno(int error) {
  return Fail(ErrorCode::kInternal,
              "cannot reach NOTIFY_SOCKET: " + std::generic_category().message(error));
}

}  // namespace

Result<void> NotifyServiceManager(const std::string& socket, std::string_view state) {
  if (socket.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((socket[0] != '/' && socket[0] != '@') || socket.size() >= sizeof(address.sun_path)) {
    return Fail(ErrorCode::kInvalidArgument, "NOTIFY_SOCKET is no address of a Unix socket");
  }
  std::ranges::copy(socket, address.sun_path);
  if (socket[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());

  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return FailErrno(errno);
  const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  ::close(fd);
  if (sent < 0) return FailErrno(error);
  return {};
}

}  // namespace hark::app
