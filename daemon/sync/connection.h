// One connection to the backend, from the attempt to its end: the only coroutines of the sync
// engine. Frames to send wait in a bounded queue; received ones are handed on one by one, so that a
// slow store slows the backend down and not the memory up.

#ifndef HARK_DAEMON_SYNC_CONNECTION_H_
#define HARK_DAEMON_SYNC_CONNECTION_H_

#include <deque>
#include <functional>
#include <memory>

#include <boost/asio/cancellation_signal.hpp>

#include "daemon/base/notification.h"
#include "daemon/base/task.h"
#include "daemon/transport/backend.h"

namespace hark::sync {

// Confined to its executor. Owned by shared_ptr: its coroutines keep it alive until they have
// ended.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Called on the executor, never after Stop().
  struct Handlers {
    std::function<void()> connected;
    std::function<void(transport::ServerFrame)> received;
    // The frame with this request is over a limit of the backend, and was not sent.
    std::function<void(transport::RequestId)> not_sent;
    std::function<void(Error)> disconnected;  // The last call. Also for an attempt that failed.
  };

  Connection(Executor executor, std::shared_ptr<transport::Backend> backend, Handlers handlers);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Once.
  void Start();

  // False: the queue is full, which means that the backend has stopped reading; the caller gives
  // the connection up.
  [[nodiscard]] bool Send(transport::ClientFrame frame);

  // While held, nothing more is received.
  void Hold(bool hold);

  // Ends it without another call to the handlers. Repeatable.
  void Stop();

 private:
  asio::awaitable<void> Run();
  asio::awaitable<void> ReadLoop();
  asio::awaitable<void> WriteLoop();
  void Fail(Error error);

  Executor executor_;
  std::shared_ptr<transport::Backend> backend_;
  Handlers handlers_;
  std::unique_ptr<transport::Session> session_;
  std::deque<transport::ClientFrame> outgoing_;
  Notification outgoing_changed_;
  Notification hold_changed_;
  asio::cancellation_signal stop_;
  bool held_ = false;
  bool stopped_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_CONNECTION_H_
