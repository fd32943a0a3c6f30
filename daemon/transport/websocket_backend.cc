#include "daemon/transport/websocket_backend.h"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "daemon/transport/cancellation.h"
#include "daemon/transport/connect.h"
#include "daemon/transport/deadline.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/proxy_tunnel.h"
#include "daemon/transport/stream.h"
#include "daemon/transport/websocket_session.h"

namespace hark::transport {
namespace {

std::string Subprotocol(Encoding encoding) {
  switch (encoding) {
    case Encoding::kProto: return "hark.sync.v1.proto";
    case Encoding::kJson: return "hark.sync.v1.json";
  }
  return "";
}

StreamOptions MakeStreamOptions(const WebsocketOptions& options, Endpoint endpoint) {
  return StreamOptions{
      .endpoint = std::move(endpoint),
      .pins = options.pins,
      .subprotocol = Subprotocol(options.encoding),
      .user_agent = options.user_agent,
      .text = options.encoding == Encoding::kJson,
      .deflate = options.deflate,
      .message_bytes = options.frame_bytes,
  };
}

Result<std::unique_ptr<Stream>> MakeStream(asio::ip::tcp::socket socket,
                                           const WebsocketOptions& options, Endpoint endpoint) {
  bool tls = endpoint.tls;
  StreamOptions stream_options = MakeStreamOptions(options, std::move(endpoint));
  if (tls) return MakeTlsStream(std::move(socket), std::move(stream_options), options.ca_file);
  return MakePlainStream(std::move(socket), std::move(stream_options));
}

Task<asio::ip::tcp::socket> Reach(std::string host, std::uint16_t port, TimePoint end, Hop hop) {
  auto addresses = co_await Resolve(std::move(host), port, end, hop);
  if (!addresses) co_return tl::unexpected(std::move(addresses).error());
  co_return co_await ConnectToAny(std::move(*addresses), end, hop);
}

// To the backend, through a proxy if there is one.
Task<asio::ip::tcp::socket> ReachBackend(WebsocketOptions options, Endpoint endpoint,
                                         TimePoint end) {
  Result<std::optional<Proxy>> proxy = std::optional<Proxy>();
  if (options.proxy) proxy = ProxyFor(*options.proxy, endpoint);
  if (!proxy) co_return tl::unexpected(std::move(proxy).error());
  if (!*proxy) co_return co_await Reach(endpoint.host, endpoint.port, end, Hop::kBackend);
  auto socket = co_await Reach((*proxy)->host, (*proxy)->port, end, Hop::kProxy);
  if (!socket) co_return tl::unexpected(std::move(socket).error());
  Secret request = TunnelRequest(endpoint, **proxy, options.user_agent);
  co_return co_await OpenTunnel(std::move(*socket), std::move(request), end);
}

Task<std::unique_ptr<Stream>> OpenStream(WebsocketOptions options) {
  TimePoint end = std::chrono::steady_clock::now() + options.connect_timeout;
  Result<Endpoint> endpoint = ParseEndpoint(options.url);
  if (!endpoint) co_return tl::unexpected(std::move(endpoint).error());
  if (!endpoint->tls && !options.pins.empty()) {
    co_return Fail(ErrorCode::kInvalidArgument,
                   "pinned keys need a wss:// URL: without TLS there is no key",
                   Trouble::kSettings);
  }
  auto socket = co_await ReachBackend(options, *endpoint, end);
  if (!socket) co_return tl::unexpected(std::move(socket).error());
  auto stream = MakeStream(std::move(*socket), options, std::move(*endpoint));
  if (!stream) co_return tl::unexpected(std::move(stream).error());

  Executor executor = co_await asio::this_coro::executor;
  Stream* opening = stream->get();
  Deadline deadline(executor, end, [opening] { opening->Drop(); });
  Result<void> opened = co_await opening->Open();
  if (!opened) {
    if (deadline.passed() && opened.error().code != ErrorCode::kCancelled) {
      co_return Fail(ErrorCode::kOffline, "timed out while waiting for the backend's handshake",
                     Trouble::kTimeout);
    }
    co_return tl::unexpected(std::move(opened).error());
  }
  co_return std::move(*stream);
}

Task<std::unique_ptr<Session>> OpenSession(WebsocketOptions options) {
  try {
    auto stream = co_await OpenStream(options);
    if (!stream) co_return tl::unexpected(std::move(stream).error());
    co_return std::make_unique<WebsocketSession>(std::move(*stream), options.encoding,
                                                 options.close_timeout);
  } catch (const boost::system::system_error& error) {
    co_return tl::unexpected(ThrownError(error.code()));
  } catch (const std::exception&) {
    co_return Fail(ErrorCode::kInternal, "connecting to the backend failed unexpectedly");
  }
}

}  // namespace

WebsocketBackend::WebsocketBackend(WebsocketOptions options) : options_(std::move(options)) {}

// No coroutine itself, so that one under way does not refer to the backend.
Task<std::unique_ptr<Session>> WebsocketBackend::Connect() {
  return OpenSession(options_);
}

}  // namespace hark::transport
