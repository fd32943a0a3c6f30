// Accepts connections of this user, and closes those of others before their first byte is read
// (guarantee G10), and those that are too many (G7).

#ifndef HARK_DAEMON_IPC_ACCEPTOR_H_
#define HARK_DAEMON_IPC_ACCEPTOR_H_

#include <functional>
#include <thread>

#include "daemon/base/free_memory.h"
#include "daemon/base/metrics.h"
#include "daemon/base/result.h"
#include "daemon/ipc/open_connections.h"

namespace hark::ipc {

// Owns one thread, "hark-accept", which also looks at what clients' calls use: gRPC tells nobody
// when that is free, so it is given back from here, and at limits::kMemoryBytes all connections
// end. Start() and Stop() are called from one thread.
class Acceptor {
 public:
  // Takes the connection; called on the acceptor's thread. Not blocking, close-on-exec.
  using OnConnection = std::function<void(int fd)>;

  // Both outlive this object. A connection over the limits is told so in HTTP/2 (GOAWAY,
  // ENHANCE_YOUR_CALM) and closed; a client sees UNAVAILABLE with that sentence.
  Acceptor(Metrics& metrics, ConnectionLimits limits, OnConnection on_connection);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Accepts from `listening_fd`, which stays the caller's and outlives Stop(). It may be one of our
  // own making or one handed in by a service manager: nothing here depends on its path.
  [[nodiscard]] Result<void> Start(int listening_fd);

  // Returns once no connection will be handed over any more. Stopping twice does nothing.
  void Stop();

 private:
  void Run(int listening_fd);
  // False: no descriptor is left, try again later.
  [[nodiscard]] bool AcceptOne(int listening_fd);
  void RefuseOneTooMany(int fd);
  // True: look again soon.
  [[nodiscard]] bool LookAtMemory();

  Metrics& metrics_;
  OpenConnections open_;
  FreeMemory memory_;
  bool accepted_ = false;  // Since the memory was looked at.
  bool full_ = false;      // The last connection was one too many: said once in the log.
  const OnConnection on_connection_;
  // A pipe, closed at its writing end to wake the thread for good.
  int wake_read_ = -1;
  int wake_write_ = -1;
  std::thread thread_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_ACCEPTOR_H_
