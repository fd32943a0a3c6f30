// Errors of sockets, TLS and WebSocket as errors of ours.

#ifndef HARK_DAEMON_TRANSPORT_STREAM_ERROR_H_
#define HARK_DAEMON_TRANSPORT_STREAM_ERROR_H_

#include <string_view>

#include <boost/system/error_code.hpp>

#include "daemon/base/result.h"

namespace hark::transport {

// `step` completes "… while <step>". kInvalidArgument when the peer broke the WebSocket protocol or
// a size limit, kOffline when the connection broke.
[[nodiscard]] Error StreamError(const boost::system::error_code& error, std::string_view step);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_STREAM_ERROR_H_
