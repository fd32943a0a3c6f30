// One connection: frames over a Stream.

#ifndef HARK_DAEMON_TRANSPORT_WEBSOCKET_SESSION_H_
#define HARK_DAEMON_TRANSPORT_WEBSOCKET_SESSION_H_

#include <chrono>
#include <memory>

#include "daemon/transport/backend.h"
#include "daemon/transport/codec.h"
#include "daemon/transport/stream.h"

namespace hark::transport {

// May be destroyed while calls are outstanding: they end with kOffline.
class WebsocketSession final : public Session {
 public:
  // `stream` is open.
  WebsocketSession(std::unique_ptr<Stream> stream, Encoding encoding,
                   std::chrono::milliseconds close_timeout);
  ~WebsocketSession() override;

  Task<void> Send(ClientFrame frame) override;
  Task<ServerFrame> Receive() override;
  asio::awaitable<void> Close() override;

 private:
  class Connection;
  // Shared with the calls that are outstanding.
  std::shared_ptr<Connection> connection_;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_WEBSOCKET_SESSION_H_
