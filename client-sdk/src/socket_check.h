// Is there a daemon on the socket, and is it this user's own? gRPC connects to whatever is at the
// path, so the SDK looks first: at the socket, at its folder and at the process behind it. The
// folder's check is what makes gRPC's own later connections safe: in a folder that only this user
// can write to, nobody else can put another socket there.

#ifndef HARK_CLIENT_SDK_SRC_SOCKET_CHECK_H_
#define HARK_CLIENT_SDK_SRC_SOCKET_CHECK_H_

#include <chrono>
#include <cstddef>
#include <string>

#include <sys/types.h>

#include "hark/result.h"

namespace hark::client {

// A path as long as this still fits a Unix socket's address.
inline constexpr std::size_t kMaxSocketPathBytes = 107;

// Connects once and hangs up. kNoDaemon, kUntrustedDaemon, kInvalidArgument (the path), or
// kUnavailable (its queue of new connections is full). Never blocks. `self` is the uid that
// everything must belong to.
Result<void> CheckSocket(const std::string& path, uid_t self);
// The same for the effective uid of this process.
Result<void> CheckSocket(const std::string& path);

// What it means to WaitForSocket() that nobody listens.
enum class Absence { kIsAnAnswer, kMayEnd };

// Looks at once, and again for as long as `time` while the daemon is there but its queue of new
// connections is full, as when many clients come at its start; with kMayEnd also while nobody
// listens. Blocks the calling thread. The errors are CheckSocket()'s.
Result<void> WaitForSocket(const std::string& path, Absence absence, std::chrono::nanoseconds time);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_SOCKET_CHECK_H_
