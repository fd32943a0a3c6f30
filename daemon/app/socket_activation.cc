#include "daemon/app/socket_activation.h"

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "daemon/base/integer.h"

#ifdef __APPLE__
#include <launch.h>
#endif

namespace hark::app {
namespace {

// The first descriptor that systemd passes, by its protocol.
[[maybe_unused]] constexpr int kFirstPassed = 3;

}  // namespace

#ifdef __APPLE__

Result<std::optional<int>> PassedSocket(const Environment&) {
  int* sockets = nullptr;
  std::size_t count = 0;
  if (::launch_activate_socket("Listener", &sockets, &count) != 0) return std::nullopt;
  const std::optional<int> first = count == 1 ? std::optional(sockets[0]) : std::nullopt;
  std::free(sockets);
  if (!first) return Fail(ErrorCode::kInvalidArgument, "launchd passed more than one socket");
  return first;
}

#else

Result<std::optional<int>> PassedSocket(const Environment& environment) {
  const std::string count = environment.Get("LISTEN_FDS");
  const std::string process = environment.Get("LISTEN_PID");
  if (count.empty() || process.empty()) return std::nullopt;
  const auto passed = ParseInteger<long>(count);
  const auto meant = ParseInteger<long>(process);
  if (!passed || !meant || *passed < 0)
    return Fail(ErrorCode::kInvalidArgument, "LISTEN_FDS or LISTEN_PID is not a number");
  // For a parent of ours, which has left them in the environment.
  if (*meant != static_cast<long>(::getpid()) || *passed == 0) return std::nullopt;
  if (*passed > 1)
    return Fail(ErrorCode::kInvalidArgument, "the service manager passed more than one socket");
  return kFirstPassed;
}

#endif

}  // namespace hark::app
