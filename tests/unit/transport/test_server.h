// A server on loopback for the tests of the client: each connection is run by a script of the test.
// Beast is hidden, since it compiles slowly.

#ifndef HARK_TESTS_UNIT_TRANSPORT_TEST_SERVER_H_
#define HARK_TESTS_UNIT_TRANSPORT_TEST_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "daemon/base/task.h"

namespace hark::transport {

// The server's end of a WebSocket. Functions throw when the connection breaks, which ends the
// script.
class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;

  virtual asio::awaitable<std::string> Read() = 0;
  virtual asio::awaitable<void> Write(std::string message, bool text) = 0;
  // Bytes below WebSocket: broken frames, halves of frames.
  virtual asio::awaitable<void> WriteRaw(std::string bytes) = 0;
  virtual asio::awaitable<void> Close() = 0;
  // Of the client's request.
  [[nodiscard]] virtual std::string RequestHeader(std::string name) const = 0;
  [[nodiscard]] virtual std::string RequestTarget() const = 0;
  // That the client asked for in its TLS handshake (SNI); empty: for none.
  [[nodiscard]] virtual std::string ServerName() = 0;
};

// For a script that neither closes nor sends: ends with the server.
asio::awaitable<void> WaitForEver();

struct TlsIdentity {
  std::string certificate_pem;  // Followed by those that it is signed with, if any are sent.
  std::string key_pem;
};

struct ServerOptions {
  std::string subprotocol = "hark.sync.v1.proto";  // Answered, whatever was asked; empty: none.
  bool deflate = true;
  std::optional<TlsIdentity> tls = std::nullopt;
  bool old_tls = false;  // Speaks TLS 1.1 and nothing newer.
};

// Runs on the test's io_context until Stop().
class TestServer {
 public:
  using Script = std::function<asio::awaitable<void>(Peer&)>;
  using RawScript = std::function<asio::awaitable<void>(asio::ip::tcp::socket&)>;

  // `script` is run for each WebSocket.
  TestServer(asio::io_context& io, ServerOptions options, Script script);
  // `script` is run for each TCP connection.
  TestServer(asio::io_context& io, RawScript script);
  ~TestServer();

  [[nodiscard]] std::uint16_t port() const;

  // Accepts no more and drops every connection.
  void Stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hark::transport

#endif  // HARK_TESTS_UNIT_TRANSPORT_TEST_SERVER_H_
