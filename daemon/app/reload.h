// SIGHUP: the configuration is read again. What can change while the daemon runs does; the rest is
// named, for it needs a restart.

#ifndef HARK_DAEMON_APP_RELOAD_H_
#define HARK_DAEMON_APP_RELOAD_H_

#include <string>
#include <vector>

#include "daemon/app/config.h"

namespace hark::app {

struct Reload {
  // What runs from now on: `running` with what can change from `read`.
  Config config;
  // Keys as the documentation names them, "retention.days", in its order.
  std::vector<std::string> taken;
  std::vector<std::string> need_restart;
};

// Pure. A key that this file does not know needs a restart.
[[nodiscard]] Reload PlanReload(const Config& running, const Config& read);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_RELOAD_H_
