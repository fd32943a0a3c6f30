// A server that breaks the rules ends the session, promptly and with little memory, never the
// daemon.

#include <chrono>
#include <string>
#include <utility>

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
          co_await WaitForEver();
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
  EXPECT_EQ(error.trouble, Trouble::kFrameTooLarge);
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

TEST_F(HostilePeerTest, DeepJsonIsRefusedForItsDepth) {
  const auto depth = static_cast<std::size_t>(limits::kJsonDepth) + 1;
  const std::string deep = R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  const Error error =
      ReceiveError([deep](Peer& peer) -> asio::awaitable<void> { co_await peer.Write(deep, true); },
                   Encoding::kJson);
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.trouble, Trouble::kFrameTooDeep) << error.message;
}

TEST_F(HostilePeerTest, PingsWithoutEndEndTheSession) {
  const Error error = ReceiveError([](Peer& peer) -> asio::awaitable<void> {
    std::string pings;
    for (std::size_t i = 0; i < 2 * limits::kControlFramesAtOnce; ++i) pings += {'\x89', '\0'};
    co_await peer.WriteRaw(pings);
  });
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.trouble, Trouble::kTooFast) << error.message;
}

TEST_F(HostilePeerTest, ManyPingsAreAnsweredAndDoNoHarm) {
  Serve([](Peer& peer) -> asio::awaitable<void> {
    std::string pings;
    for (std::size_t i = 0; i < limits::kControlFramesAtOnce / 2; ++i) pings += {'\x89', '\0'};
    co_await peer.WriteRaw(pings);
    co_await peer.Write(PongBytes(5), false);
    (void)co_await peer.Read();
  });
  bool received = false;
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(ClientOptions());
    auto session = co_await backend.Connect();
    if (!session) co_return;
    Result<ServerFrame> frame = co_await (*session)->Receive();
    received = frame.has_value();
  });
  EXPECT_TRUE(received);
}

TEST_F(HostilePeerTest, FloodOfFramesWaitsInTheSocket) {
  constexpr std::size_t kFlood = limits::kFramesAtOnce + limits::kFramesPerSecond / 4;
  Serve([](Peer& peer) -> asio::awaitable<void> {
    std::string frames;
    const std::string pong = PongBytes(1);
    for (std::size_t i = 0; i < kFlood; ++i) {
      frames += {kFinalBinary, static_cast<char>(pong.size())};
      frames += pong;
    }
    co_await peer.WriteRaw(frames);
    (void)co_await peer.Read();
  });
  std::size_t received = 0;
  std::chrono::steady_clock::duration took{};
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(ClientOptions());
    auto session = co_await backend.Connect();
    if (!session) co_return;
    const auto start = std::chrono::steady_clock::now();
    while (received < kFlood) {
      Result<ServerFrame> frame = co_await (*session)->Receive();
      if (!frame) co_return;
      ++received;
    }
    took = std::chrono::steady_clock::now() - start;
  });
  EXPECT_EQ(received, kFlood);
  // Not faster than allowed, whatever the machine; slower only because of the machine.
  EXPECT_GE(took, std::chrono::milliseconds(240));
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
