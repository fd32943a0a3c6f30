// A server that breaks the rules ends the session, promptly and with little memory, never the
// daemon.

#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "tests/unit/transport/harness.h"

namespace hark::transport {
namespace {

// Heads of unmasked frames, as a server sends them.
constexpr char kFinalBinary = '\x82';
constexpr char kFinalText = '\x81';
constexpr char kLength64 = '\x7f';

std::string LengthBytes(std::uint64_t length) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xFFU);
  return bytes;
}

class HostilePeerTest : public Harness {
 protected:
  // What Receive() says to a server that runs `script` and then neither closes nor sends.
  Error ReceiveError(TestServer::Script script, Encoding encoding = Encoding::kProto) {
    ServerOptions server;
    if (encoding == Encoding::kJson) server.subprotocol = "hark.sync.v1.json";
    Serve(
        [script](Peer& peer) -> asio::awaitable<void> {
          co_await script(peer);
          Executor executor = co_await asio::this_coro::executor;
          asio::steady_timer forever(executor, asio::steady_timer::time_point::max());
          co_await forever.async_wait(asio::use_awaitable);
        },
        server);
    WebsocketOptions options = ClientOptions();
    options.encoding = encoding;
    options.close_timeout = std::chrono::milliseconds{50};
    Error error(ErrorCode::kInternal, "Receive() succeeded");
    Run([&]() -> asio::awaitable<void> {
      WebsocketBackend backend(options);
      auto session = co_await backend.Connect();
      if (!session) {
        error = session.error();
        co_return;
      }
      Result<ServerFrame> frame = co_await (*session)->Receive();
      if (!frame) error = frame.error();
    });
    return error;
  }

  Error ErrorOfRaw(std::string bytes, Encoding encoding = Encoding::kProto) {
    return ReceiveError(
        [bytes](Peer& peer) -> asio::awaitable<void> { co_await peer.WriteRaw(bytes); }, encoding);
  }
};

TEST_F(HostilePeerTest, TextOnTheBinaryProtocolEndsTheSession) {
  Error error =
      ReceiveError([](Peer& peer) -> asio::awaitable<void> { co_await peer.Write("{}", true); });
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
}

TEST_F(HostilePeerTest, BinaryOnTheTextProtocolEndsTheSession) {
  Error error =
      ReceiveError([](Peer& peer) -> asio::awaitable<void> { co_await peer.Write("{}", false); },
                   Encoding::kJson);
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
}

TEST_F(HostilePeerTest, FrameThatDoesNotParseEndsTheSession) {
  Error error = ReceiveError(
      [](Peer& peer) -> asio::awaitable<void> { co_await peer.Write("\xff\xff", false); });
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
}

TEST_F(HostilePeerTest, OversizedFrameIsRefusedByItsHead) {
  std::string head = {kFinalBinary, kLength64};
  Error error = ErrorOfRaw(head + LengthBytes(std::uint64_t{1} << 40));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "the backend sent a frame over the limit");
}

TEST_F(HostilePeerTest, OversizedMessageInPiecesIsRefused) {
  Error error = ReceiveError([](Peer& peer) -> asio::awaitable<void> {
    std::string piece(100'000, 'x');
    std::string head = {'\x02', kLength64};  // The first of several.
    for (int i = 0; i < 20; ++i) {
      co_await peer.WriteRaw(head + LengthBytes(piece.size()) + piece);
      head[0] = '\x00';
    }
  });
  EXPECT_EQ(error.message, "the backend sent a frame over the limit");
}

TEST_F(HostilePeerTest, CompressionBombIsStoppedAtTheLimit) {
  Error error = ReceiveError([](Peer& peer) -> asio::awaitable<void> {
    std::string zeroes(50'000'000, '\0');
    co_await peer.Write(std::move(zeroes), false);
  });
  EXPECT_EQ(error.message, "the backend sent a frame over the limit");
}

TEST_F(HostilePeerTest, FrameJustOverTheLimitIsRefusedCompressed) {
  Error error = ReceiveError([](Peer& peer) -> asio::awaitable<void> {
    co_await peer.Write(std::string(limits::kFrameBytes + 1, '\0'), false);
  });
  EXPECT_EQ(error.message, "the backend sent a frame over the limit");
}

TEST_F(HostilePeerTest, HangingUpInTheMiddleOfAFrameIsOffline) {
  Serve([](Peer& peer) -> asio::awaitable<void> {
    std::string half = {kFinalBinary, 100, 'a', 'b'};
    co_await peer.WriteRaw(half);
  });
  Error error(ErrorCode::kInternal, "");
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(ClientOptions());
    auto session = co_await backend.Connect();
    if (!session) co_return;
    Result<ServerFrame> frame = co_await (*session)->Receive();
    if (!frame) error = frame.error();
  });
  EXPECT_EQ(error.code, ErrorCode::kOffline);
}

TEST_F(HostilePeerTest, BrokenWebsocketFramesEndTheSession) {
  EXPECT_EQ(ErrorOfRaw({'\x83', 1, 'a'}).code, ErrorCode::kInvalidArgument);  // Unknown opcode.
  EXPECT_EQ(ErrorOfRaw({'\xf2', 1, 'a'}).code, ErrorCode::kInvalidArgument);  // Reserved bits.
  EXPECT_EQ(ErrorOfRaw({kFinalBinary, '\x81', 0, 0, 0, 0, 'a'}).code,         // Masked by a server.
            ErrorCode::kInvalidArgument);
}

TEST_F(HostilePeerTest, InvalidUtf8InATextMessageEndsTheSession) {
  EXPECT_EQ(ErrorOfRaw({kFinalText, 2, '\xff', '\xff'}, Encoding::kJson).code,
            ErrorCode::kInvalidArgument);
}

TEST_F(HostilePeerTest, BadDeflateDataEndsTheSession) {
  Error error = ErrorOfRaw({'\xc2', 4, '\xff', '\xff', '\xff', '\xff'});
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << error.message;
}

}  // namespace
}  // namespace hark::transport
