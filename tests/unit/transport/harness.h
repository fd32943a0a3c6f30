// One io_context for the client and its server, turned until the test's coroutine is through.

#ifndef HARK_TESTS_UNIT_TRANSPORT_HARNESS_H_
#define HARK_TESTS_UNIT_TRANSPORT_HARNESS_H_

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/transport/websocket_backend.h"
#include "tests/unit/transport/test_server.h"

namespace hark::transport {

class Harness : public ::testing::Test {
 protected:
  // Starts a WebSocket server, or one below WebSocket.
  void Serve(TestServer::Script script, ServerOptions options = {});
  void ServeRaw(TestServer::RawScript script);

  // For the server above, at `host`.
  [[nodiscard]] WebsocketOptions ClientOptions(const std::string& scheme = "ws",
                                               const std::string& host = "127.0.0.1") const;

  // Runs `client` to its end, which must come by itself, then stops the server.
  void Run(std::function<asio::awaitable<void>()> client);

  // Cancels the client, as a TaskGroup does. At once, or when nothing moves any more because
  // everybody waits.
  void CancelClient();
  void CancelClientWhenIdle() { cancel_when_idle_ = true; }

  // Connect() alone.
  [[nodiscard]] Error ConnectError(WebsocketOptions options);

  asio::io_context io_;
  std::unique_ptr<TestServer> server_;

 private:
  asio::cancellation_signal cancel_;
  bool cancel_when_idle_ = false;
};

// Frames for scripts.
[[nodiscard]] std::string PongBytes(std::uint64_t nonce);
[[nodiscard]] hark::sync::v1::ClientFrame ParseClientFrame(const std::string& bytes);

}  // namespace hark::transport

#endif  // HARK_TESTS_UNIT_TRANSPORT_HARNESS_H_
