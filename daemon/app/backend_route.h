// How the backend is reached from here, and whether it is.

#ifndef HARK_DAEMON_APP_BACKEND_ROUTE_H_
#define HARK_DAEMON_APP_BACKEND_ROUTE_H_

#include <memory>
#include <string>

#include "daemon/app/config.h"
#include "daemon/app/paths.h"
#include "daemon/transport/backend.h"

namespace hark::app {

// The one that is configured, through the proxy of the environment.
[[nodiscard]] std::shared_ptr<transport::Backend> MakeBackend(const Config& config,
                                                              const Environment& environment);

// Comment lines for --check-config, without user name and password of the proxy: `# proxy =
// "host:port"`, or `# proxy_problem = "…"` when the setting cannot be used. Empty: directly. For
// who looks for what is wrong: the environment decides, and no configuration file shows it.
[[nodiscard]] std::string DescribeRoute(const Config& config, const Environment& environment);

// For --check-backend: connects as the daemon does, certificate and pins included, says nothing and
// hangs up. Empty: it worked. Otherwise `problem = "…"`, and `believed = false` where somebody
// answered who is not believed to be the backend. Takes as long as connecting may.
[[nodiscard]] std::string TryBackend(const Config& config, const Environment& environment);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_BACKEND_ROUTE_H_
