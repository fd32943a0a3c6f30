// The backend over WebSocket: resolve, connect, through a proxy if there is one, TLS, upgrade.

#ifndef HARK_DAEMON_TRANSPORT_WEBSOCKET_BACKEND_H_
#define HARK_DAEMON_TRANSPORT_WEBSOCKET_BACKEND_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "daemon/base/limits.h"
#include "daemon/transport/backend.h"
#include "daemon/transport/codec.h"
#include "daemon/transport/pins.h"
#include "daemon/transport/proxy.h"

namespace hark::transport {

struct WebsocketOptions {
  std::string url;  // As ParseEndpoint() (endpoint.h) takes it.
  Encoding encoding = Encoding::kProto;
  std::string
      ca_file;  // Certificates in PEM, trusted instead of the system's; empty: the system's.
  Pins pins;    // Of which the backend has one; empty: any trusted key.
  std::shared_ptr<const ProxySettings> proxy;  // Null: connect directly.
  std::string user_agent = "harkd";
  std::chrono::milliseconds connect_timeout{10'000};  // From Connect() to the end of the upgrade.
  std::chrono::milliseconds close_timeout{2'000};
  std::size_t frame_bytes = limits::kFrameBytes;  // Largest frame to receive, after inflation.
  bool deflate = true;
};

// Stateless between calls: each Connect() looks up names and reads the certificates again, so a
// change of either counts. Neither a Connect() under way nor a session refers to it.
class WebsocketBackend final : public Backend {
 public:
  explicit WebsocketBackend(WebsocketOptions options);

  Task<std::unique_ptr<Session>> Connect() override;

 private:
  WebsocketOptions options_;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_WEBSOCKET_BACKEND_H_
