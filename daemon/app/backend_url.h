// What counts as a backend's address.

#ifndef HARK_DAEMON_APP_BACKEND_URL_H_
#define HARK_DAEMON_APP_BACKEND_URL_H_

#include <string_view>

#include "daemon/base/result.h"

namespace hark::app {

inline constexpr std::string_view kDefaultBackendUrl = "ws://127.0.0.1:8765/api/v1/sync";

// ws:// or wss://, with a host. No user name or password: a configuration file is not a place for
// secrets. Fails with a sentence that begins after the key's name.
[[nodiscard]] Result<void> CheckBackendUrl(std::string_view text);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_BACKEND_URL_H_
