#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "daemon/transport/stream.h"
#include "daemon/transport/stream_template.h"
#include "daemon/transport/tls_context.h"
#include "daemon/transport/tls_peer.h"

namespace hark::transport {
namespace {

namespace ssl = asio::ssl;
using TlsLayer = beast::ssl_stream<asio::ip::tcp::socket>;

class TlsStream final : public BasicStream<TlsLayer> {
 public:
  TlsStream(StreamOptions options, asio::ip::tcp::socket socket, ssl::context& context)
      : BasicStream(std::move(options), std::move(socket), context) {}

 protected:
  Task<void> Secure() override {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    SSL* const connection = layer().native_handle();
    Result<void> expected = ExpectPeer(connection, options().endpoint.host);
    if (!expected) co_return expected;
    auto [error] = co_await layer().async_handshake(ssl::stream_base::client, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (error) co_return tl::unexpected(HandshakeError(connection, error));
    co_return CheckPins(connection, options().pins);
  }
};

}  // namespace

Result<std::unique_ptr<Stream>> MakeTlsStream(asio::ip::tcp::socket socket, StreamOptions options,
                                              const std::string& ca_file) {
  Result<ssl::context> context = MakeTlsContext(ca_file);
  if (!context) return tl::unexpected(std::move(context).error());
  // The stream keeps OpenSSL's side of the context alive by itself.
  return std::make_unique<TlsStream>(std::move(options), std::move(socket), *context);
}

}  // namespace hark::transport
