// One WebSocket, plain or over TLS, without the types of Beast: its templates take half a minute to
// compile, so each kind lives in one translation unit (plain_stream.cc, tls_stream.cc) behind this.

#ifndef HARK_DAEMON_TRANSPORT_STREAM_H_
#define HARK_DAEMON_TRANSPORT_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "daemon/base/task.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/pins.h"

namespace hark::transport {

struct StreamOptions {
  Endpoint endpoint;
  Pins pins;  // With TLS; empty: any key that is trusted.
  std::string subprotocol;
  std::string user_agent;
  bool text = false;  // The kind of message that is sent and expected.
  bool deflate = true;
  std::size_t message_bytes = 0;  // Largest message to receive, after inflation.
};

// Confined to the executor of its socket. One Write() and one Read() may be outstanding; the two
// may overlap. All end with kCancelled when their coroutine is cancelled, and the stream is then
// unusable.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;  // Drops the connection.

  // The TLS handshake, if there is one, and the upgrade to WebSocket. Called once, first. No time
  // limit: see Drop().
  virtual Task<void> Open() = 0;

  // `message` outlives the call. `deflate` false keeps a secret out of the compressor, where it
  // would share its window with other text.
  virtual Task<void> Write(std::string_view message, bool deflate) = 0;

  // The next message; valid until Consume(), which is called before the next Read(). The stream
  // answers pings by itself; more than limits::kControlFramesPerSecond end it.
  virtual Task<std::string_view> Read() = 0;

  // Wipes what Read() returned: it may have held a token.
  virtual void Consume() = 0;

  // The closing handshake. No time limit: see Drop().
  virtual asio::awaitable<void> Close() = 0;

  // Breaks the connection off; whatever is outstanding ends with an error.
  virtual void Drop() = 0;
};

[[nodiscard]] std::unique_ptr<Stream> MakePlainStream(asio::ip::tcp::socket socket,
                                                      StreamOptions options);

// `ca_file`: certificates in PEM that are trusted instead of the system's; empty: the system's.
// kInvalidArgument if it cannot be used.
[[nodiscard]] Result<std::unique_ptr<Stream>> MakeTlsStream(asio::ip::tcp::socket socket,
                                                            StreamOptions options,
                                                            const std::string& ca_file);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_STREAM_H_
