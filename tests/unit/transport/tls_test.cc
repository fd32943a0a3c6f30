// Who is believed to be the backend over TLS.

#include <filesystem>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
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

  void ServeWith(TlsIdentity identity, bool old_tls = false) {
    ServerOptions options;
    options.tls = std::move(identity);
    options.old_tls = old_tls;
    Serve(
        [this](Peer& peer) -> asio::awaitable<void> {
          server_name_ = peer.ServerName();
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
  std::string server_name_ = "never asked";
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
  EXPECT_EQ(error.trouble, Trouble::kCertificateHost) << error.message;
  EXPECT_NE(error.message.find("certificate"), std::string::npos) << error.message;
}

TEST_F(TlsTest, CertificateOfAnotherAddressIsRefused) {
  ServeWith(authority_.Issue("DNS:127.0.0.1,IP:127.0.0.2"));
  EXPECT_EQ(ConnectError(TlsOptions("127.0.0.1")).trouble, Trouble::kCertificateHost);
}

TEST_F(TlsTest, NameInTheSubjectAloneIsNoName) {
  ServeWith(authority_.Issue(""));
  EXPECT_EQ(ConnectError(TlsOptions("localhost")).trouble, Trouble::kCertificateHost);
}

TEST_F(TlsTest, WildcardStandsForOneWholeLabel) {
  ServeWith(authority_.Issue("DNS:*.dev.localhost,DNS:x*.test.localhost"));
  EXPECT_EQ(ConnectError(TlsOptions("a.dev.localhost")).message, "Connect() succeeded");
  ServeWith(authority_.Issue("DNS:*.dev.localhost,DNS:x*.test.localhost"));
  EXPECT_EQ(ConnectError(TlsOptions("a.b.dev.localhost")).trouble, Trouble::kCertificateHost);
  ServeWith(authority_.Issue("DNS:*.dev.localhost,DNS:x*.test.localhost"));
  EXPECT_EQ(ConnectError(TlsOptions("xy.test.localhost")).trouble, Trouble::kCertificateHost);
}

TEST_F(TlsTest, ServerIsToldTheNameAndNoAddress) {
  ServeWith(authority_.Issue("DNS:dev.localhost,IP:127.0.0.1"));
  const auto ask = [&](const char* host) {
    Run([&]() -> asio::awaitable<void> {
      WebsocketBackend backend(TlsOptions(host));
      auto session = co_await backend.Connect();
      EXPECT_TRUE(session.has_value());
      if (!session) co_return;
      Ping ping{.nonce = 3};
      (void)co_await (*session)->Send(ping);
      (void)co_await (*session)->Receive();
    });
    return server_name_;
  };
  EXPECT_EQ(ask("dev.localhost"), "dev.localhost");
  ServeWith(authority_.Issue("DNS:dev.localhost,IP:127.0.0.1"));
  EXPECT_EQ(ask("127.0.0.1"), "");
}

TEST_F(TlsTest, SelfSignedCertificateIsRefusedUnlessItIsTheGivenOne) {
  const TlsIdentity identity = SelfSigned("DNS:localhost");
  ServeWith(identity);
  const Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kCertificateUntrusted) << error.message;
  ServeWith(identity);
  WebsocketOptions options = TlsOptions("localhost");
  options.ca_file = Save("itself.pem", identity.certificate_pem);
  EXPECT_EQ(ConnectError(options).message, "Connect() succeeded");
}

TEST_F(TlsTest, CertificateForTomorrowIsRefused) {
  ServeWith(authority_.IssueForTomorrow("DNS:localhost"));
  const Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kCertificateNotYetValid) << error.message;
}

TEST_F(TlsTest, Tls11IsRefused) {
  ServeWith(authority_.Issue("DNS:localhost"), true);
  const Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kTls) << error.message;
}

TEST_F(TlsTest, PinnedKeyIsAcceptedAmongOthers) {
  const TlsIdentity identity = authority_.Issue("DNS:localhost");
  ServeWith(identity);
  WebsocketOptions options = TlsOptions("localhost");
  options.pins = {KeyDigest{1}, ParsePins(PinOf(identity.certificate_pem))->front()};
  EXPECT_EQ(ConnectError(options).message, "Connect() succeeded");
}

TEST_F(TlsTest, AuthorityMayBePinned) {
  ServeWith(authority_.Issue("DNS:localhost"));
  WebsocketOptions options = TlsOptions("localhost");
  options.pins = *ParsePins(PinOf(authority_.CertificatePem()));
  EXPECT_EQ(ConnectError(options).message, "Connect() succeeded");
}

TEST_F(TlsTest, OtherKeyThanThePinnedOneIsRefusedAndNamed) {
  const TlsIdentity identity = authority_.Issue("DNS:localhost");
  ServeWith(identity);
  WebsocketOptions options = TlsOptions("localhost");
  options.pins = *ParsePins(PinOf(authority_.Issue("DNS:localhost").certificate_pem));
  const Error error = ConnectError(options);
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kPin);
  EXPECT_NE(error.message.find(PinOf(identity.certificate_pem)), std::string::npos)
      << error.message;
}

TEST_F(TlsTest, AuthorityThatIsOnlySentAlongIsNotWhatIsPinned) {
  // A forger whose own authority is trusted sends the certificate of the pinned one too.
  TestAuthority forger("Forger");
  TlsIdentity identity = forger.Issue("DNS:localhost");
  identity.certificate_pem += authority_.CertificatePem();
  ServeWith(identity);
  WebsocketOptions options = TlsOptions("localhost");
  options.ca_file = Save("both.pem", authority_.CertificatePem() + forger.CertificatePem());
  options.pins = *ParsePins(PinOf(authority_.CertificatePem()));
  EXPECT_EQ(ConnectError(options).trouble, Trouble::kPin);
}

TEST_F(TlsTest, PinDoesNotReplaceTrust) {
  const TlsIdentity identity = SelfSigned("DNS:localhost");
  ServeWith(identity);
  WebsocketOptions options = TlsOptions("localhost");
  options.pins = *ParsePins(PinOf(identity.certificate_pem));
  EXPECT_EQ(ConnectError(options).trouble, Trouble::kCertificateUntrusted);
}

TEST_F(TlsTest, PinsWithoutTlsAreAMistakeInTheSettings) {
  Serve([](Peer&) -> asio::awaitable<void> { co_return; });
  WebsocketOptions options = ClientOptions();
  options.pins = {KeyDigest{1}};
  const Error error = ConnectError(options);
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.trouble, Trouble::kSettings);
}

TEST_F(TlsTest, CertificateOfAnUnknownAuthorityIsRefused) {
  TestAuthority other;
  ServeWith(other.Issue("DNS:localhost"));
  Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kCertificateUntrusted);
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
  EXPECT_EQ(error.trouble, Trouble::kCertificateExpired);
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
  ServeRaw([](asio::ip::tcp::socket& socket) -> asio::awaitable<void> {
    const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    const auto bytes = asio::buffer(answer);
    co_await asio::async_write(socket, bytes, asio::use_awaitable);
  });
  const Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kTls) << error.message;
  EXPECT_EQ(error.message, "the server at the backend's URL does not speak TLS");
}

// What hark-backend without a certificate does.
TEST_F(TlsTest, PlainServerThatHangsUpIsNoTlsServerEither) {
  ServeRaw([](asio::ip::tcp::socket& socket) -> asio::awaitable<void> {
    std::string hello(100, '\0');
    const auto bytes = asio::buffer(hello);
    co_await socket.async_read_some(bytes, asio::use_awaitable);
    socket.shutdown(asio::ip::tcp::socket::shutdown_send);
  });
  const Error error = ConnectError(TlsOptions("localhost"));
  EXPECT_EQ(error.code, ErrorCode::kOffline);
  EXPECT_EQ(error.trouble, Trouble::kTls) << error.message;
  EXPECT_NE(error.message.find("it may not speak it"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace hark::transport
