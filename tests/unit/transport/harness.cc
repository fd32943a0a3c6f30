#include "tests/unit/transport/harness.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

namespace hark::transport {
namespace {

// Far above what any test takes; a test that gets here hangs.
constexpr std::chrono::seconds kPatience{20};
// On loopback within one thread, nothing that can move takes this long.
constexpr std::chrono::milliseconds kIdle{50};

asio::awaitable<void> Root(std::function<asio::awaitable<void>()> client) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await client();
}

}  // namespace

void Harness::Serve(TestServer::Script script, ServerOptions options) {
  server_ = std::make_unique<TestServer>(io_, std::move(options), std::move(script));
}

void Harness::ServeRaw(TestServer::RawScript script) {
  server_ = std::make_unique<TestServer>(io_, std::move(script));
}

WebsocketOptions Harness::ClientOptions(const std::string& scheme, const std::string& host) const {
  WebsocketOptions options;
  options.url = scheme + "://" + host + ":" + std::to_string(server_->port()) + "/sync";
  options.user_agent = "harkd/test";
  return options;
}

void Harness::Run(std::function<asio::awaitable<void>()> client) {
  bool ended = false;
  io_.restart();
  auto on_end = [this, &ended](const std::exception_ptr& thrown) {
    ended = true;
    if (server_ != nullptr) server_->Stop();
    if (thrown) std::rethrow_exception(thrown);
  };
  asio::co_spawn(io_, Root(std::move(client)),
                 asio::bind_cancellation_slot(cancel_.slot(), std::move(on_end)));
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (!ended && std::chrono::steady_clock::now() < end) {
    if (cancel_when_idle_) {
      if (io_.run_one_for(kIdle) == 0) CancelClient();
    } else {
      io_.run_one_until(end);
    }
  }
  ASSERT_TRUE(ended) << "the client hangs";
  io_.run_for(kPatience);
  EXPECT_TRUE(io_.stopped()) << "something is left running";
}

void Harness::CancelClient() {
  cancel_when_idle_ = false;
  cancel_.emit(asio::cancellation_type::terminal);
}

Error Harness::ConnectError(WebsocketOptions options) {
  Error error(ErrorCode::kInternal, "Connect() succeeded");
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(std::move(options));
    auto session = co_await backend.Connect();
    if (!session) error = session.error();
  });
  return error;
}

std::string PongBytes(std::uint64_t nonce) {
  hark::sync::v1::ServerFrame frame;
  frame.mutable_pong()->set_nonce(nonce);
  return frame.SerializeAsString();
}

hark::sync::v1::ClientFrame ParseClientFrame(const std::string& bytes) {
  hark::sync::v1::ClientFrame frame;
  EXPECT_TRUE(frame.ParseFromString(bytes));
  return frame;
}

}  // namespace hark::transport
