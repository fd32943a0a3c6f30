// The coroutine type of the daemon. Only transport/ and the driver in sync/ are coroutines;
// everything else is plain calls and callbacks.

#ifndef HARK_DAEMON_BASE_TASK_H_
#define HARK_DAEMON_BASE_TASK_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/base/result.h"

namespace hark {

namespace asio = boost::asio;

using Executor = asio::any_io_executor;

// A coroutine that can fail. Parameters by value; confined to the executor it was spawned on.
template <typename T>
using Task = asio::awaitable<Result<T>>;

}  // namespace hark

#endif  // HARK_DAEMON_BASE_TASK_H_
