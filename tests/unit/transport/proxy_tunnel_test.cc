// Through a proxy: one that works, and those that refuse, dribble, lie and listen.

#include "daemon/transport/proxy_tunnel.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/transport/proxy_answer.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/transport/certificates.h"
#include "tests/unit/transport/harness.h"

namespace hark::transport {
namespace {

using asio::ip::tcp;

constexpr char kEstablished[] = "HTTP/1.1 200 Connection established\r\n\r\n";

asio::awaitable<void> Say(tcp::socket& socket, std::string text) {
  const auto bytes = asio::buffer(text);
  co_await asio::async_write(socket, bytes, asio::use_awaitable);
}

asio::awaitable<void> Copy(std::shared_ptr<tcp::socket> from, std::shared_ptr<tcp::socket> to) {
  std::array<char, 4096> bytes{};
  try {
    while (true) {
      const auto space = asio::buffer(bytes);
      const std::size_t size = co_await from->async_read_some(space, asio::use_awaitable);
      const auto filled = asio::buffer(bytes.data(), size);
      co_await asio::async_write(*to, filled, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    boost::system::error_code ignored;
    from->close(ignored);
    to->close(ignored);
  }
}

class ProxyTest : public Harness {
 protected:
  ProxyTest() {
    const std::filesystem::path path = folder_ / "ca.pem";
    test::WriteBytes(path, authority_.CertificatePem());
    ca_file_ = path.string();
  }

  // A proxy that hears the request and then runs `script`.
  void ServeProxy(TestServer::RawScript script) {
    proxy_ = std::make_unique<TestServer>(
        io_, [this, script](tcp::socket& socket) -> asio::awaitable<void> {
          request_.clear();
          auto buffer = asio::dynamic_buffer(request_);
          co_await asio::async_read_until(socket, buffer, "\r\n\r\n", asio::use_awaitable);
          co_await script(socket);
        });
  }

  void ServeProxyThatSays(std::string answer) {
    ServeProxy([answer](tcp::socket& socket) -> asio::awaitable<void> {
      co_await Say(socket, answer);
      co_await WaitForEver();
    });
  }

  // Leads to the server of the test, whatever is asked for.
  void ServeHonestProxy() {
    ServeProxy([this](tcp::socket& socket) -> asio::awaitable<void> {
      auto client = std::make_shared<tcp::socket>(std::move(socket));
      auto backend = std::make_shared<tcp::socket>(io_);
      const tcp::endpoint address(asio::ip::address_v4::loopback(), server_->port());
      co_await backend->async_connect(address, asio::use_awaitable);
      co_await Say(*client, kEstablished);
      asio::co_spawn(io_, Copy(backend, client), asio::detached);
      co_await Copy(client, backend);
    });
  }

  [[nodiscard]] WebsocketOptions ProxiedOptions(const std::string& userinfo = "",
                                                const std::string& no_proxy = "") const {
    WebsocketOptions options;
    options.url = "wss://backend.test:4443/sync";
    options.ca_file = ca_file_;
    const std::string url = "http://" + userinfo + "127.0.0.1:" + std::to_string(proxy_->port());
    options.proxy =
        std::make_shared<const ProxySettings>(ReadProxySettings([&](const std::string& name) {
          if (name == "https_proxy") return url;
          return name == "no_proxy" ? no_proxy : std::string();
        }));
    return options;
  }

  // ConnectError() waits for everything to end, the proxy too.
  Error ConnectThrough(WebsocketOptions options) {
    Error error(ErrorCode::kInternal, "Connect() succeeded");
    Run([&]() -> asio::awaitable<void> {
      WebsocketBackend backend(std::move(options));
      auto session = co_await backend.Connect();
      if (!session) error = session.error();
      session = Fail(ErrorCode::kInternal, "done");
      proxy_->Stop();
    });
    return error;
  }

  TestAuthority authority_;
  test::ScratchFolder folder_;
  std::string ca_file_;
  std::unique_ptr<TestServer> proxy_;
  std::string request_;
};

TEST_F(ProxyTest, TlsRunsThroughTheTunnelToTheNamedBackend) {
  ServerOptions options;
  options.tls = authority_.Issue("DNS:backend.test");
  Serve([](Peer& peer) -> asio::awaitable<void> { (void)co_await peer.Read(); }, options);
  ServeHonestProxy();
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).message, "Connect() succeeded");
  EXPECT_TRUE(
      request_.starts_with("CONNECT backend.test:4443 HTTP/1.1\r\nHost: backend.test:4443\r\n"))
      << request_;
  EXPECT_EQ(request_.find("Proxy-Authorization"), std::string::npos);
}

TEST_F(ProxyTest, ProxyThatLeadsElsewhereIsFoundOut) {
  ServerOptions options;
  options.tls = authority_.Issue("DNS:elsewhere.test");
  Serve([](Peer& peer) -> asio::awaitable<void> { (void)co_await peer.Read(); }, options);
  ServeHonestProxy();
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).trouble, Trouble::kCertificateHost);
}

TEST_F(ProxyTest, PasswordOfTheSettingIsSent) {
  ServeProxyThatSays("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  const Error error = ConnectThrough(ProxiedOptions("Aladdin:open%20sesame@"));
  EXPECT_NE(request_.find("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
            std::string::npos);
  // Not kUnauthenticated: it is not our token that is refused.
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kProxy);
  EXPECT_EQ(error.message, "the proxy wants a user name and password that it accepts (HTTP 407)");
}

TEST_F(ProxyTest, RefusalSaysWhatTheProxySaid) {
  for (const auto& [status, sentence] :
       {std::pair("403", "the proxy refuses to connect to the backend (HTTP 403)"),
        std::pair("502", "the proxy cannot reach the backend (HTTP 502)"),
        std::pair("301", "the proxy refuses to connect to the backend (HTTP 301)")}) {
    ServeProxyThatSays(std::string("HTTP/1.1 ") + status + " canary\r\nX: canary\r\n\r\ncanary");
    const Error error = ConnectThrough(ProxiedOptions());
    EXPECT_EQ(error.code, ErrorCode::kOffline);
    EXPECT_EQ(error.trouble, Trouble::kProxy);
    EXPECT_EQ(error.message, sentence);
  }
}

TEST_F(ProxyTest, ProxyThatIsNoneIsRefusedAtItsFirstBytes) {
  ServeProxyThatSays("SSH-2.0-canary\r\n");
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).message, "the proxy does not speak HTTP");
}

TEST_F(ProxyTest, DribblingProxyIsGivenUpInTime) {
  ServeProxy([](tcp::socket& socket) -> asio::awaitable<void> {
    co_await Say(socket, "HTTP/1.1 200 OK\r\n");
    while (true) {
      asio::steady_timer pause(socket.get_executor(), std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::use_awaitable);
      co_await Say(socket, "x");
    }
  });
  WebsocketOptions options = ProxiedOptions();
  options.connect_timeout = std::chrono::milliseconds(150);
  const Error error = ConnectThrough(options);
  EXPECT_EQ(error.message, "timed out while waiting for the proxy's answer");
  EXPECT_EQ(error.trouble, Trouble::kProxy);
}

TEST_F(ProxyTest, EndlessAnswerIsStoppedAtTheLimit) {
  ServeProxy([](tcp::socket& socket) -> asio::awaitable<void> {
    co_await Say(socket, "HTTP/1.1 200 OK\r\n");
    while (true) co_await Say(socket, std::string(10'000, 'x'));
  });
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).message, "the proxy sent an answer over the limit");
}

TEST_F(ProxyTest, BytesAfterTheAnswerAreNotTakenForTheBackend) {
  ServeProxyThatSays(std::string(kEstablished) + "\x16\x03\x03");
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).message, "the proxy sent more than its answer");
}

TEST_F(ProxyTest, ProxyThatHangsUpIsOffline) {
  ServeProxy([](tcp::socket&) -> asio::awaitable<void> { co_return; });
  const Error error = ConnectThrough(ProxiedOptions());
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.message, "the proxy hung up without an answer");
}

TEST_F(ProxyTest, ProxyThatIsAwayIsNamed) {
  ServeProxyThatSays("");
  const WebsocketOptions options = ProxiedOptions();
  proxy_->Stop();
  io_.restart();
  io_.run();
  const Error error = ConnectThrough(options);
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kProxy);
  EXPECT_TRUE(error.message.starts_with("could not connect to the proxy")) << error.message;
}

TEST_F(ProxyTest, ExceptedBackendIsReachedDirectly) {
  ServeProxyThatSays(kEstablished);
  WebsocketOptions options = ProxiedOptions("", "backend.test");
  options.connect_timeout = std::chrono::milliseconds(500);
  const Error error = ConnectThrough(options);  // There is no such name.
  EXPECT_NE(error.trouble, Trouble::kProxy);
  EXPECT_EQ(request_, "");
}

TEST_F(ProxyTest, CancellingWhileTheProxyIsSilentEndsAtOnce) {
  ServeProxy([](tcp::socket&) { return WaitForEver(); });
  CancelClientWhenIdle();
  EXPECT_EQ(ConnectThrough(ProxiedOptions()).code, ErrorCode::kCancelled);
}

TEST(ProxyAnswer, IsReadAsItComes) {
  const std::string answer = kEstablished;
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const Result<bool> open = ReadProxyAnswer(std::string_view(answer).substr(0, size));
    ASSERT_TRUE(open.has_value()) << size;
    EXPECT_FALSE(*open) << size;
  }
  EXPECT_TRUE(ReadProxyAnswer(answer).value());
  EXPECT_TRUE(ReadProxyAnswer("HTTP/1.0 200\r\n\r\n").value());
  EXPECT_TRUE(ReadProxyAnswer("HTTP/1.1 299 \r\nA: b\r\n\r\n").value());
}

TEST(ProxyAnswer, WhatIsNoHttpIsRefused) {
  for (const char* answer : {"h", "HTTP/2 200\r\n\r\n", "HTTP/1.1  200\r\n\r\n",
                             "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 2 0\r\n\r\n", "HTTP/1.1 \r\n\r\n",
                             "\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 200\n\n"}) {
    EXPECT_FALSE(ReadProxyAnswer(answer).has_value()) << answer;
  }
}

TEST(ProxyAnswer, IsBounded) {
  std::string answer = "HTTP/1.1 200 OK\r\nX: ";
  answer.resize(limits::kProxyAnswerBytes - 1, 'x');
  EXPECT_FALSE(ReadProxyAnswer(answer).value());
  answer += 'x';
  EXPECT_FALSE(ReadProxyAnswer(answer).has_value());
  EXPECT_FALSE(ReadProxyAnswer(answer + "\r\n\r\n").has_value());
}

}  // namespace
}  // namespace hark::transport
