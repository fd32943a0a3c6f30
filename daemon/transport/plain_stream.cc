#include <boost/asio/ip/tcp.hpp>

#include "daemon/transport/stream.h"
#include "daemon/transport/stream_template.h"

namespace hark::transport {
namespace {

class PlainStream final : public BasicStream<asio::ip::tcp::socket> {
 public:
  PlainStream(StreamOptions options, asio::ip::tcp::socket socket)
      : BasicStream(std::move(options), std::move(socket)) {}

 protected:
  Task<void> Secure() override { co_return Result<void>(); }
};

}  // namespace

std::unique_ptr<Stream> MakePlainStream(asio::ip::tcp::socket socket, StreamOptions options) {
  return std::make_unique<PlainStream>(std::move(options), std::move(socket));
}

}  // namespace hark::transport
