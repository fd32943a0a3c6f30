// The local API: gRPC on a Unix socket that only this user can reach.

#ifndef HARK_DAEMON_IPC_SERVER_H_
#define HARK_DAEMON_IPC_SERVER_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "daemon/account/accounts.h"
#include "daemon/base/clock.h"
#include "daemon/base/metrics.h"
#include "daemon/base/result.h"
#include "daemon/ipc/open_connections.h"

namespace hark::ipc {

// The references outlive the server.
struct ServerOptions {
  std::filesystem::path socket_path;
  // Listens there already: passed on by a service manager. Taken over. Absent: one is made.
  std::optional<int> listening_fd;
  std::string version;         // Of the program, "1.0.0".
  std::string cipher_version;  // SQLCipher's own.
  std::filesystem::path data_dir;
  Clock& clock;
  Metrics& metrics;
  account::Accounts& accounts;
  // Absent: LimitsThatFit().
  std::optional<ConnectionLimits> connections = std::nullopt;
};

// Start() and Stop() are called from one thread, which is none of gRPC's. Calls are answered on
// gRPC's own threads.
class Server {
 public:
  // Requires that the caller holds the instance lock (see ListeningSocket::Open, which also names
  // the errors). Answers from the moment it returns.
  [[nodiscard]] static Result<std::unique_ptr<Server>> Start(const ServerOptions& options);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Stops.
  ~Server();

  // Accepts nobody any more, ends the streams (UNAVAILABLE), lets calls under way finish for a
  // moment, and removes the socket. Takes less than 2 s whatever clients do. Stopping twice does
  // nothing.
  //
  // Call it while `accounts` still answers; afterwards nothing calls it any more.
  void Stop();

 private:
  struct Parts;

  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_SERVER_H_
