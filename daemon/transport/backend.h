// A connection to the backend, as the sync engine sees it: frames in, frames out.

#ifndef HARK_DAEMON_TRANSPORT_BACKEND_H_
#define HARK_DAEMON_TRANSPORT_BACKEND_H_

#include <memory>

#include "daemon/base/task.h"
#include "daemon/transport/frames.h"

namespace hark::transport {

// One live connection. Not thread-safe: used from the executor it was opened on. At most one Send()
// and one Receive() may be outstanding; the two may overlap. A cancelled call ends with kCancelled
// and leaves the session unusable.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;  // Drops the connection without a close handshake.

  // Completes when the frame is handed to the kernel, not when the backend has it: only its Ack
  // proves delivery. kInvalidArgument: over a limit of the backend's Welcome, nothing was sent and
  // the session goes on. kOffline: the connection broke.
  virtual Task<void> Send(ClientFrame frame) = 0;

  // The next frame. kOffline: the peer closed, or the connection broke. kInvalidArgument: a frame
  // that is no valid frame (size, UTF-8, depth, encoding); ends the session.
  virtual Task<ServerFrame> Receive() = 0;

  // Closes politely, waiting at most the configured time. Never fails.
  virtual asio::awaitable<void> Close() = 0;
};

// Opens sessions. Holds no retry policy: the sync engine decides when to try again.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  // Resolves, connects, verifies and upgrades, within the configured timeout. kOffline with a
  // sentence that says at which step it failed; kInvalidArgument when the URL or the TLS set-up can
  // never work.
  virtual Task<std::unique_ptr<Session>> Connect() = 0;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_BACKEND_H_
