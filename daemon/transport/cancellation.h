// Asio delivers a cancellation once: one that came while a coroutine waited for something that
// cannot be cancelled is only recorded. So it is looked for around each wait.

#ifndef HARK_DAEMON_TRANSPORT_CANCELLATION_H_
#define HARK_DAEMON_TRANSPORT_CANCELLATION_H_

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "daemon/base/task.h"

namespace hark::transport {

// Completes with its error as a value instead of throwing it. Named, since Beast's own default is
// newer than Boost 1.81.
inline constexpr auto kAsValues = asio::as_tuple(asio::use_awaitable);

[[nodiscard]] inline bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

[[nodiscard]] inline Error Cancelled() {
  return Error(ErrorCode::kCancelled, "cancelled while talking to the backend");
}

// What a wait threw. A coroutine whose root did not switch it off throws when it awaits after a
// cancellation.
[[nodiscard]] inline Error ThrownError(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) return Cancelled();
  return Error(ErrorCode::kInternal, "talking to the backend failed: " + error.message());
}

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_CANCELLATION_H_
