// An open session with a well-behaved server.

#include <chrono>
#include <string>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "tests/unit/transport/harness.h"
#include "tests/unit/transport/wire_samples.h"

namespace hark::transport {
namespace {

using SessionPtr = std::unique_ptr<Session>;

class SessionTest : public Harness {
 protected:
  // Runs `client` with an open session.
  void RunSession(WebsocketOptions options, std::function<asio::awaitable<void>(Session&)> client) {
    Run([&, options]() -> asio::awaitable<void> {
      WebsocketBackend backend(options);
      Result<SessionPtr> session = co_await backend.Connect();
      if (!session) {
        ADD_FAILURE() << session.error().message;
        co_return;
      }
      co_await client(**session);
    });
  }
};

template <typename T>
void ExpectError(const Result<T>& result, ErrorCode code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << result.error().message;
}

void ExpectPong(const Result<ServerFrame>& frame, std::uint64_t nonce) {
  ASSERT_TRUE(frame.has_value()) << frame.error().message;
  ASSERT_TRUE(std::holds_alternative<Pong>(*frame));
  EXPECT_EQ(std::get<Pong>(*frame).nonce, nonce);
}

// Answers each Ping.
asio::awaitable<void> AnswerPings(Peer& peer) {
  while (true) {
    std::string bytes = co_await peer.Read();
    std::string pong = PongBytes(ParseClientFrame(bytes).ping().nonce());
    co_await peer.Write(pong, false);
  }
}

// Reads and answers nothing.
asio::awaitable<void> ReadOnly(Peer& peer) {
  while (true) (void)co_await peer.Read();
}

Append LargeAppend() {
  Append append;
  append.request = 1;
  append.message.id = MessageId("message-1");
  append.message.conversation = ConversationId("conversation-1");
  append.message.content.assign(limits::kContentBytes, 'x');
  return append;
}

TEST_F(SessionTest, FramesGoBothWays) {
  Serve(AnswerPings);
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    for (std::uint64_t nonce = 1; nonce <= 3; ++nonce) {
      Ping ping{.nonce = nonce};
      Result<void> sent = co_await session.Send(ping);
      EXPECT_TRUE(sent.has_value());
      Result<ServerFrame> frame = co_await session.Receive();
      ExpectPong(frame, nonce);
    }
    co_await session.Close();
  });
}

TEST_F(SessionTest, JsonIsSentAsText) {
  std::string received;
  ServerOptions server{.subprotocol = "hark.sync.v1.json"};
  Serve(
      [&](Peer& peer) -> asio::awaitable<void> {
        received = co_await peer.Read();
        co_await peer.Write(R"({"pong":{"nonce":"5"}})", true);
      },
      server);
  WebsocketOptions options = ClientOptions();
  options.encoding = Encoding::kJson;
  RunSession(options, [](Session& session) -> asio::awaitable<void> {
    Ping ping{.nonce = 5};
    (void)co_await session.Send(ping);
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectPong(frame, 5U);
  });
  EXPECT_EQ(received, R"({"ping":{"nonce":"5"}})");
}

TEST_F(SessionTest, RequestNamesPathSubprotocolAndClient) {
  std::string target;
  std::string subprotocol;
  std::string user_agent;
  Serve([&](Peer& peer) -> asio::awaitable<void> {
    target = peer.RequestTarget();
    subprotocol = peer.RequestHeader("Sec-WebSocket-Protocol");
    user_agent = peer.RequestHeader("User-Agent");
    co_return;
  });
  RunSession(ClientOptions(),
             [](Session& session) -> asio::awaitable<void> { (void)co_await session.Receive(); });
  EXPECT_EQ(target, "/sync");
  EXPECT_EQ(subprotocol, "hark.sync.v1.proto");
  EXPECT_EQ(user_agent, "harkd/test");
}

TEST_F(SessionTest, LargeFramesPassWithAndWithoutCompression) {
  for (bool deflate : {true, false}) {
    std::size_t received = 0;
    wire::ServerFrame page;
    page.mutable_history()->set_conversation_id("conversation-1");
    page.mutable_history()->set_from_sequence(1);
    page.mutable_history()->set_to_sequence(100);
    for (std::uint64_t i = 1; i <= 100; ++i) {
      wire::Message& message = *page.mutable_history()->add_messages();
      message = SampleMessage(i);
      message.set_content(std::string(8'000, static_cast<char>('a' + i % 26)));
    }
    Serve([&](Peer& peer) -> asio::awaitable<void> {
      std::string bytes = co_await peer.Read();
      received = ParseClientFrame(bytes).append().message().content().size();
      co_await peer.Write(page.SerializeAsString(), false);
    });
    WebsocketOptions options = ClientOptions();
    options.deflate = deflate;
    RunSession(options, [](Session& session) -> asio::awaitable<void> {
      (void)co_await session.Send(LargeAppend());
      Result<ServerFrame> frame = co_await session.Receive();
      EXPECT_TRUE(frame.has_value() && std::get<History>(*frame).messages.size() == 100);
    });
    EXPECT_EQ(received, limits::kContentBytes);
  }
}

TEST_F(SessionTest, SendWorksWhileReceiveWaits) {
  Serve(AnswerPings);
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    Executor executor = co_await asio::this_coro::executor;
    auto send = [&session]() -> asio::awaitable<void> {
      Ping ping{.nonce = 9};
      Result<void> sent = co_await session.Send(ping);
      EXPECT_TRUE(sent.has_value());
    };
    // Runs once Receive() below has suspended.
    asio::co_spawn(executor, send, asio::detached);
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectPong(frame, 9U);
  });
}

TEST_F(SessionTest, FrameOverTheBackendsLimitIsNotSentAndTheSessionGoesOn) {
  Serve([](Peer& peer) -> asio::awaitable<void> {
    wire::ServerFrame welcome = SampleWelcome();
    welcome.mutable_welcome()->mutable_limits()->set_max_frame_bytes(262'144);
    co_await peer.Write(welcome.SerializeAsString(), false);
    co_await AnswerPings(peer);
  });
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    (void)co_await session.Receive();
    Subscribe subscribe;
    subscribe.add.assign(4'000, ConversationId(std::string(100, 'x')));
    Result<void> refused = co_await session.Send(std::move(subscribe));
    ExpectError(refused, ErrorCode::kInvalidArgument);
    Ping ping{.nonce = 1};
    (void)co_await session.Send(ping);
    Result<ServerFrame> frame = co_await session.Receive();
    EXPECT_TRUE(frame.has_value());
  });
}

TEST_F(SessionTest, ContentOverTheBackendsLimitIsNotSentAndTheSessionGoesOn) {
  Serve([](Peer& peer) -> asio::awaitable<void> {
    wire::ServerFrame welcome = SampleWelcome();
    welcome.mutable_welcome()->mutable_limits()->set_max_content_bytes(4'096);
    co_await peer.Write(welcome.SerializeAsString(), false);
    co_await AnswerPings(peer);
  });
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    (void)co_await session.Receive();
    Append append = LargeAppend();
    append.message.content.resize(4'097);
    Result<void> sent = co_await session.Send(std::move(append));
    ExpectError(sent, ErrorCode::kInvalidArgument);
    Edit edit;
    edit.request = 2;
    edit.message = MessageId("message-1");
    edit.conversation = ConversationId("conversation-1");
    edit.base_revision = 1;
    edit.content.assign(4'097, 'x');
    sent = co_await session.Send(std::move(edit));
    ExpectError(sent, ErrorCode::kInvalidArgument);
    Ping ping{.nonce = 1};
    (void)co_await session.Send(ping);
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectPong(frame, 1U);
  });
}

TEST_F(SessionTest, CloseOfTheServerIsOffline) {
  Serve([](Peer& peer) -> asio::awaitable<void> { co_await peer.Close(); });
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectError(frame, ErrorCode::kOffline);
    Ping ping;
    Result<void> sent = co_await session.Send(ping);
    ExpectError(sent, ErrorCode::kOffline);
  });
}

// Also that no SIGPIPE ends the process.
TEST_F(SessionTest, SendingToAServerThatIsGoneIsOffline) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; });
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    Result<void> sent;
    while (sent) sent = co_await session.Send(LargeAppend());
    ExpectError(sent, ErrorCode::kOffline);
  });
}

TEST_F(SessionTest, CloseEndsAgainstAServerThatNeverAnswersIt) {
  Serve([](Peer&) { return WaitForEver(); });
  WebsocketOptions options = ClientOptions();
  options.close_timeout = std::chrono::milliseconds{50};
  RunSession(options, [](Session& session) -> asio::awaitable<void> { co_await session.Close(); });
}

TEST_F(SessionTest, CloseEndsAWaitingReceive) {
  Serve(ReadOnly);
  RunSession(ClientOptions(), [](Session& session) -> asio::awaitable<void> {
    Executor executor = co_await asio::this_coro::executor;
    auto close = [&session]() -> asio::awaitable<void> { co_await session.Close(); };
    asio::co_spawn(executor, close, asio::detached);
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectError(frame, ErrorCode::kOffline);
  });
}

TEST_F(SessionTest, DestroyingTheSessionEndsAWaitingReceive) {
  Serve(ReadOnly);
  Run([this]() -> asio::awaitable<void> {
    WebsocketBackend backend(ClientOptions());
    Result<SessionPtr> session = co_await backend.Connect();
    if (!session) co_return;
    asio::awaitable<Result<ServerFrame>> waiting = (*session)->Receive();
    asio::post(io_, [&session] { session->reset(); });
    Result<ServerFrame> frame = co_await std::move(waiting);
    ExpectError(frame, ErrorCode::kOffline);
  });
}

TEST_F(SessionTest, CancelledReceiveEndsAtOnceAndTheSessionWithIt) {
  Serve(ReadOnly);
  RunSession(ClientOptions(), [this](Session& session) -> asio::awaitable<void> {
    CancelClientWhenIdle();
    Result<ServerFrame> frame = co_await session.Receive();
    ExpectError(frame, ErrorCode::kCancelled);
    Ping ping;
    Result<void> sent = co_await session.Send(ping);
    EXPECT_FALSE(sent.has_value());
    co_await session.Close();  // Ends too, though it cannot be polite any more.
  });
}

TEST_F(SessionTest, CancelledSendEndsThoughTheServerReadsNothing) {
  Serve([](Peer&) { return WaitForEver(); });
  WebsocketOptions options = ClientOptions();
  options.deflate = false;
  RunSession(options, [this](Session& session) -> asio::awaitable<void> {
    CancelClientWhenIdle();
    Result<void> sent;
    while (sent)
      sent = co_await session.Send(LargeAppend());  // Until the kernel's buffers are full.
    EXPECT_EQ(sent.error().code, ErrorCode::kCancelled);
  });
}

TEST_F(SessionTest, CancellationBeforeTheCallIsSeen) {
  Serve(AnswerPings);
  RunSession(ClientOptions(), [this](Session& session) -> asio::awaitable<void> {
    CancelClient();
    Ping ping;
    Result<void> sent = co_await session.Send(ping);
    ExpectError(sent, ErrorCode::kCancelled);
  });
}

}  // namespace
}  // namespace hark::transport
