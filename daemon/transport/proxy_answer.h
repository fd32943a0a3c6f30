// What a proxy says to CONNECT.

#ifndef HARK_DAEMON_TRANSPORT_PROXY_ANSWER_H_
#define HARK_DAEMON_TRANSPORT_PROXY_ANSWER_H_

#include <string_view>

#include "daemon/base/result.h"

namespace hark::transport {

// `answer`: what has come so far, of a stranger. True: the tunnel is open, and what follows is the
// backend's; false: there has to come more. kOffline: refused, or no HTTP, or over
// limits::kProxyAnswerBytes, or more than the answer came, which the backend cannot have said: in
// TLS the client speaks first. The sentence holds nothing of the answer but its status. Pure.
[[nodiscard]] Result<bool> ReadProxyAnswer(std::string_view answer);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_PROXY_ANSWER_H_
