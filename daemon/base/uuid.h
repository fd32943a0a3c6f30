// UUIDs of version 7: unique, and rising with time, which keeps indexes compact.

#ifndef HARK_DAEMON_BASE_UUID_H_
#define HARK_DAEMON_BASE_UUID_H_

#include <string>
#include <string_view>

#include "daemon/base/clock.h"

namespace hark {

// 36 characters, lower case. Ids made by one process in one millisecond are still in rising order.
// Thread-safe.
[[nodiscard]] std::string NewUuidV7(WallTime now);

// A UUID of any version in its 36-character form, either case.
[[nodiscard]] bool IsUuid(std::string_view text);

}  // namespace hark

#endif  // HARK_DAEMON_BASE_UUID_H_
