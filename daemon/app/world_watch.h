// Hears of what the sync engine should know of the machine it runs on: other addresses or routes
// than before, or an end of sleep. Both mean that a connection may be dead and that an attempt may
// succeed now.

#ifndef HARK_DAEMON_APP_WORLD_WATCH_H_
#define HARK_DAEMON_APP_WORLD_WATCH_H_

#include <functional>
#include <memory>

#include "daemon/base/task.h"

namespace hark::app {

// Confined to its executor. Ends when destroyed; `changed` is not called afterwards.
class WorldWatch {
 public:
  WorldWatch() = default;
  WorldWatch(const WorldWatch&) = delete;
  WorldWatch& operator=(const WorldWatch&) = delete;
  virtual ~WorldWatch() = default;
};

// Calls `changed` on the executor, often several times for one event. What the system does not
// offer is logged and done without: the backoff and the heartbeat still find out, only later.
//
// Linux: rtnetlink for links, addresses and routes; for sleep, a timer that the kernel cancels when
// it sets the clock, which it does on resume. macOS: SCNetworkReachability and
// IORegisterForSystemPower would go behind the same function.
[[nodiscard]] std::unique_ptr<WorldWatch> WatchWorld(const Executor& executor,
                                                     std::function<void()> changed);

// The part that a test can drive: calls `changed` whenever the socket can be read, after having
// read it empty. Takes the descriptor over.
[[nodiscard]] std::unique_ptr<WorldWatch> WatchSocket(const Executor& executor, int descriptor,
                                                      std::function<void()> changed);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_WORLD_WATCH_H_
