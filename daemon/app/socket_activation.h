// The listening socket that a service manager passes on when it starts the daemon for the first
// client (sd_listen_fds(3); launchd's `Sockets`).

#ifndef HARK_DAEMON_APP_SOCKET_ACTIVATION_H_
#define HARK_DAEMON_APP_SOCKET_ACTIVATION_H_

#include <optional>

#include "daemon/app/paths.h"
#include "daemon/base/result.h"

namespace hark::app {

// Nothing: none was passed to this process; it makes its own. kInvalidArgument: more than one was,
// or the variables make no sense.
//
// On macOS, under the name "Listener" of the agent's property list. Not tested there.
[[nodiscard]] Result<std::optional<int>> PassedSocket(const Environment& environment);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_SOCKET_ACTIVATION_H_
