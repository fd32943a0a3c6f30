// What it means when a server answers the upgrade with something else than a WebSocket.

#ifndef HARK_DAEMON_TRANSPORT_REFUSAL_H_
#define HARK_DAEMON_TRANSPORT_REFUSAL_H_

#include <string_view>

#include "daemon/base/result.h"

namespace hark::transport {

// `status` is the HTTP status, `retry_after` the header of that name or empty; in seconds it
// becomes Error::retry_after. kUnauthenticated for 401 and 403; kInvalidArgument where the URL must
// be wrong; kOffline where waiting may help.
[[nodiscard]] Error RefusalError(unsigned status, std::string_view retry_after);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_REFUSAL_H_
