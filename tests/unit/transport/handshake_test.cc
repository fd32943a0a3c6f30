// From Connect() to an open session: what can go wrong on the way, and how it is told.

#include <chrono>
#include <string>

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "daemon/transport/connect.h"
#include "tests/unit/transport/harness.h"

namespace hark::transport {
namespace {

using asio::ip::tcp;

class HandshakeTest : public Harness {
 protected:
  // A server that answers every request with `response`.
  void ServeHttp(std::string response) {
    ServeRaw([response](tcp::socket& socket) -> asio::awaitable<void> {
      std::string request;
      auto buffer = asio::dynamic_buffer(request);
      co_await asio::async_read_until(socket, buffer, "\r\n\r\n", asio::use_awaitable);
      auto bytes = asio::buffer(response);
      co_await asio::async_write(socket, bytes, asio::use_awaitable);
    });
  }

  void ServeSilence() {
    ServeRaw([](tcp::socket&) { return WaitForEver(); });
  }
};

TEST_F(HandshakeTest, OtherSubprotocolIsRefused) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; },
        ServerOptions{.subprotocol = "hark.sync.v2.proto"});
  Error error = ConnectError(ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "the server speaks WebSocket but not hark.sync.v1.proto");
}

TEST_F(HandshakeTest, MissingSubprotocolIsRefused) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; }, ServerOptions{.subprotocol = ""});
  EXPECT_EQ(ConnectError(ClientOptions()).code, ErrorCode::kInvalidArgument);
}

TEST_F(HandshakeTest, Http401AsksForASignIn) {
  ServeHttp("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  Error error = ConnectError(ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(error.message, "the backend refuses this client (HTTP 401)");
}

TEST_F(HandshakeTest, Http503TellsWhenToComeBack) {
  ServeHttp("HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 5\r\n\r\nlater");
  Error error = ConnectError(ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.message,
            "the backend is not available (HTTP 503); it asks to come back after 30 s");
}

TEST_F(HandshakeTest, Http404IsAWrongUrl) {
  ServeHttp("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(ConnectError(ClientOptions()).code, ErrorCode::kInvalidArgument);
}

TEST_F(HandshakeTest, ServerOfAnotherProtocolIsRefused) {
  ServeHttp("220 mail.example.org ESMTP\r\n");
  const Error error = ConnectError(ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "the server at the backend's URL does not speak HTTP");
}

TEST_F(HandshakeTest, WrongAcceptKeyIsRefused) {
  ServeHttp(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Accept: AAAA\r\nSec-WebSocket-Protocol: hark.sync.v1.proto\r\n\r\n");
  EXPECT_EQ(ConnectError(ClientOptions()).code, ErrorCode::kInvalidArgument);
}

TEST_F(HandshakeTest, EndlessHeaderIsRefused) {
  ServeHttp("HTTP/1.1 101 Switching Protocols\r\nX: " + std::string(1'000'000, 'x'));
  Error error = ConnectError(ClientOptions());
  EXPECT_TRUE(error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kOffline);
}

TEST_F(HandshakeTest, ServerThatHangsUpIsOffline) {
  ServeRaw([](tcp::socket&) -> asio::awaitable<void> { co_return; });
  EXPECT_EQ(ConnectError(ClientOptions()).code, ErrorCode::kOffline);
}

TEST_F(HandshakeTest, ServerThatNeverAnswersTimesOut) {
  ServeSilence();
  WebsocketOptions options = ClientOptions();
  options.connect_timeout = std::chrono::milliseconds{50};
  Error error = ConnectError(options);
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.message, "timed out while waiting for the backend's handshake");
}

TEST_F(HandshakeTest, ServerThatNeverAnswersTlsTimesOut) {
  ServeSilence();
  WebsocketOptions options = ClientOptions("wss");
  options.connect_timeout = std::chrono::milliseconds{50};
  EXPECT_EQ(ConnectError(options).message, "timed out while waiting for the backend's handshake");
}

TEST_F(HandshakeTest, ClosedPortIsOffline) {
  ServeSilence();
  WebsocketOptions options = ClientOptions();
  server_->Stop();
  io_.poll();
  Error error = ConnectError(options);
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_NE(error.message.find("could not connect"), std::string::npos);
}

TEST_F(HandshakeTest, LocalhostNeedsNoResolver) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; });
  EXPECT_EQ(ConnectError(ClientOptions("ws", "localhost")).message, "Connect() succeeded");
}

TEST_F(HandshakeTest, UnknownNameIsOffline) {
  ServeSilence();
  Error error = ConnectError(ClientOptions("wss", "no-such-host.invalid"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_NE(error.message.find("address"), std::string::npos);
}

TEST_F(HandshakeTest, BadUrlIsRefusedWithoutAConnection) {
  WebsocketOptions options;
  options.url = "ws://example.org";
  EXPECT_EQ(ConnectError(options).code, ErrorCode::kInvalidArgument);
}

TEST_F(HandshakeTest, CancelledConnectEndsAtOnce) {
  ServeSilence();
  CancelClientWhenIdle();
  EXPECT_EQ(ConnectError(ClientOptions()).code, ErrorCode::kCancelled);
}

TEST_F(HandshakeTest, CancelledTlsConnectEndsAtOnce) {
  ServeSilence();
  CancelClientWhenIdle();
  EXPECT_EQ(ConnectError(ClientOptions("wss")).code, ErrorCode::kCancelled);
}

TEST_F(HandshakeTest, CancellationBeforeConnectIsSeen) {
  ServeSilence();
  Error error(ErrorCode::kInternal, "");
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(ClientOptions());
    CancelClient();
    auto session = co_await backend.Connect();
    if (!session) error = session.error();
  });
  EXPECT_EQ(error.code, ErrorCode::kCancelled);
}

TEST_F(HandshakeTest, EveryAddressIsTried) {
  ServeSilence();
  tcp::endpoint good(asio::ip::address_v4::loopback(), server_->port());
  tcp::acceptor closed(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::endpoint bad = closed.local_endpoint();
  closed.close();
  bool connected = false;
  Run([&]() -> asio::awaitable<void> {
    std::vector<tcp::endpoint> addresses = {bad, bad, good};
    TimePoint end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    Result<tcp::socket> socket = co_await ConnectToAny(addresses, end);
    connected = socket.has_value() && socket->remote_endpoint() == good;
  });
  EXPECT_TRUE(connected);
}

}  // namespace
}  // namespace hark::transport
