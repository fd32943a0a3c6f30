// Who is believed to be the backend over TLS.

#include <filesystem>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/transport/certificates.h"
#include "tests/unit/transport/harness.h"

namespace hark::transport {
namespace {

class TlsTest : public Harness {
 protected:
  TlsTest() { ca_file_ = Save("ca.pem", authority_.CertificatePem()); }

  std::string Save(const std::string& name, const std::string& text) {
    std::filesystem::path path = folder_ / name;
    test::WriteBytes(path, text);
    return path.string();
  }

  void ServeWith(TlsIdentity identity) {
    ServerOptions options;
    options.tls = std::move(identity);
    Serve(
        [](Peer& peer) -> asio::awaitable<void> {
          std::string bytes = co_await peer.Read();
          std::string pong = PongBytes(ParseClientFrame(bytes).ping().nonce());
          co_await peer.Write(pong, false);
          (void)co_await peer.Read();
        },
        options);
  }

  [[nodiscard]] WebsocketOptions TlsOptions(const std::string& host) const {
    WebsocketOptions options = ClientOptions("wss", host);
    options.ca_file = ca_file_;
    return options;
  }

  TestAuthority authority_;
  test::ScratchFolder folder_;
  std::string ca_file_;
};

TEST_F(TlsTest, CertificateOfTheGivenAuthorityIsTrusted) {
  ServeWith(authority_.Issue("DNS:localhost"));
  bool answered = false;
  Run([&]() -> asio::awaitable<void> {
    WebsocketBackend backend(TlsOptions("localhost"));
    auto session = co_await backend.Connect();
    EXPECT_TRUE(session.has_value());
    if (!session) co_return;
    Ping ping{.nonce = 3};
    (void)co_await (*session)->Send(ping);
    Result<ServerFrame> frame = co_await (*session)->Receive();
    answered = frame.has_value() && std::get<Pong>(*frame).nonce == 3;
    co_await (*session)->Close();
  });
  EXPECT_TRUE(answered);
}

TEST_F(TlsTest, CertificateMayNameAnAddress) {
  ServeWith(authority_.Issue("IP:127.0.0.1"));
  EXPECT_EQ(ConnectError(TlsOptions("127.0.0.1")).message, "Connect() succeeded");
}

TEST_F(TlsTest, CertificateOfAnotherHostIsRefused) {
  ServeWith(authority_.Issue("DNS:example.org,IP:127.0.0.2"));
  Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_NE(error.message.find("certificate"), std::string::npos) << error.message;
}

TEST_F(TlsTest, CertificateOfAnUnknownAuthorityIsRefused) {
  TestAuthority other;
  ServeWith(other.Issue("DNS:localhost"));
  Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_NE(error.message.find("not trusted"), std::string::npos) << error.message;
}

TEST_F(TlsTest, GivenAuthorityIsNotTrustedUnasked) {
  ServeWith(authority_.Issue("DNS:localhost"));
  WebsocketOptions options = TlsOptions("localhost");
  options.ca_file.clear();
  EXPECT_EQ(ConnectError(options).code, ErrorCode::kOffline);
}

TEST_F(TlsTest, ExpiredCertificateIsRefused) {
  ServeWith(authority_.Issue("DNS:localhost", -1));
  Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_NE(error.message.find("expired"), std::string::npos) << error.message;
}

TEST_F(TlsTest, UnusableAuthorityFileIsAMistakeInTheSettings) {
  ServeWith(authority_.Issue("DNS:localhost"));
  WebsocketOptions options = TlsOptions("localhost");
  options.ca_file = (folder_ / "missing.pem").string();
  EXPECT_EQ(ConnectError(options).code, ErrorCode::kInvalidArgument);
}

TEST_F(TlsTest, AuthorityFileWithoutACertificateIsAMistakeInTheSettings) {
  ServeWith(authority_.Issue("DNS:localhost"));
  WebsocketOptions options = TlsOptions("localhost");
  options.ca_file = Save("empty.pem", "no certificate\n");
  EXPECT_EQ(ConnectError(options).code, ErrorCode::kInvalidArgument);
}

TEST_F(TlsTest, PlainServerIsNoTlsServer) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; });
  EXPECT_EQ(ConnectError(TlsOptions("localhost")).code, ErrorCode::kOffline);
}

}  // namespace
}  // namespace hark::transport
