// How the backend would be reached from here: for who looks for what is wrong, since the
// environment decides and no configuration file shows it.

#ifndef HARK_DAEMON_APP_BACKEND_ROUTE_H_
#define HARK_DAEMON_APP_BACKEND_ROUTE_H_

#include <string>

#include "daemon/app/config.h"
#include "daemon/app/paths.h"

namespace hark::app {

// Comment lines for --check-config, without user name and password of the proxy: `# proxy =
// "host:port"`, or `# proxy_problem = "…"` when the setting cannot be used. Empty: directly.
[[nodiscard]] std::string DescribeRoute(const Config& config, const Environment& environment);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_BACKEND_ROUTE_H_
