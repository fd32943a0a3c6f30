// How many connections are open, in all and of each process, so that one process cannot take the
// descriptors of the others (guarantee G7).
//
// gRPC takes a connection over and tells nobody when it ends. So when a limit seems reached, the
// kernel is asked which descriptors are still the sockets that they were.

#ifndef HARK_DAEMON_IPC_OPEN_CONNECTIONS_H_
#define HARK_DAEMON_IPC_OPEN_CONNECTIONS_H_

#include <cstddef>
#include <vector>

#include <sys/types.h>

#include "daemon/base/limits.h"

namespace hark::ipc {

struct ConnectionLimits {
  std::size_t all = limits::kLocalConnections;
  std::size_t per_process = limits::kConnectionsPerProcess;
};

// Those of limits.h, or less where this process may not open so many files: some are kept for the
// store and the network, which must go on however many clients come.
[[nodiscard]] ConnectionLimits LimitsThatFit();

// Confined to the acceptor's thread.
class OpenConnections {
 public:
  explicit OpenConnections(ConnectionLimits limits) : limits_(limits) {}

  // False: it is one too many, of all or of `process` (0: unknown, and then one process like the
  // others). Otherwise it counts until somebody closes `fd`.
  [[nodiscard]] bool Admit(int fd, pid_t process);

  // Ends every connection in both directions; their owners then see the end and close them.
  void EndAll();

 private:
  struct Connection {
    int fd = -1;
    ino_t inode = 0;
    pid_t process = 0;
  };

  [[nodiscard]] bool Fits(pid_t process) const;
  void ForgetClosed();

  const ConnectionLimits limits_;
  std::vector<Connection> connections_;  // Some of them closed since; at most limits_.all.
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_OPEN_CONNECTIONS_H_
