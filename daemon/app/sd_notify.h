// Tells systemd how the daemon stands (sd_notify(3)), without a library for one datagram.

#ifndef HARK_DAEMON_APP_SD_NOTIFY_H_
#define HARK_DAEMON_APP_SD_NOTIFY_H_

#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace hark::app {

inline constexpr std::string_view kNotifyReady = "READY=1";
inline constexpr std::string_view kNotifyReloading = "RELOADING=1";
inline constexpr std::string_view kNotifyStopping = "STOPPING=1";
inline constexpr std::string_view kNotifyWatchdog = "WATCHDOG=1";

// `socket`: the value of NOTIFY_SOCKET, a path or an abstract name (@…). Empty: not run by systemd,
// nothing is done. An error is worth a log line and no more: the daemon works without.
[[nodiscard]] Result<void> NotifyServiceManager(const std::string& socket, std::string_view state);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_SD_NOTIFY_H_
