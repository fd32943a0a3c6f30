#ifndef HARK_TOOLS_BACKEND_HTTP_CONNECTION_H_
#define HARK_TOOLS_BACKEND_HTTP_CONNECTION_H_

// The HTTP part of a connection: one request after the other, until one of them asks for the
// WebSocket. Included only by the two files that instantiate it.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "tools/backend/codec.h"
#include "tools/backend/version.h"
#include "tools/backend/ws_connection.h"

namespace hark::backend {

template <typename Stream>
class HttpConnection final : public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  HttpConnection(Stream stream, ConnectionServices& services)
      : stream_(std::move(stream)), services_(services) {
    ++services_.open_connections;
  }
  ~HttpConnection() { --services_.open_connections; }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // After the TLS handshake, if there is one.
  void Read() {
    // Requests have no bodies here; a header that is longer than this is not one of a friend.
    constexpr std::uint32_t kMaxHeaderBytes = 16 * 1024;
    constexpr std::chrono::seconds kIdle{30};
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(0);
    beast::get_lowest_layer(stream_).expires_after(kIdle);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                       self->OnRead(failed);
                     });
  }

  Stream& stream() { return stream_; }

 private:
  void OnRead(beast::error_code failed) {
    if (failed) return;
    auto request = parser_->release();
    if (websocket::is_upgrade(request) && Path(request) == kSyncPath) {
      Upgrade(std::move(request));
      return;
    }
    HttpRequest plain;
    plain.method = std::string(request.method_string());
    plain.target = std::string(request.target());
    plain.authorization = std::string(request[http::field::authorization]);
    Write(services_.http.Answer(plain), request.keep_alive(), request.version());
  }

  static std::string_view Path(const http::request<http::empty_body>& request) {
    const std::string_view target(request.target().data(), request.target().size());
    return target.substr(0, target.find('?'));
  }

  void Upgrade(http::request<http::empty_body> request) {
    const auto offered = request[http::field::sec_websocket_protocol];
    const auto encoding = ChooseEncoding({offered.data(), offered.size()});
    if (!encoding) {
      Write(MakeHttpError(400, "invalid",
                          "the WebSocket needs the subprotocol hark.sync.v1.proto or "
                          "hark.sync.v1.json"),
            false, request.version());
      return;
    }
    std::make_shared<WsConnection<Stream>>(std::move(stream_), *encoding, services_)
        ->Start(std::move(request));
  }

  void Write(HttpReply reply, bool keep_alive, unsigned int version) {
    response_.emplace(static_cast<http::status>(reply.status), version);
    response_->set(http::field::server, kServerName);
    response_->set(http::field::content_type, "application/json");
    if (reply.status == 401) response_->set(http::field::www_authenticate, "Bearer");
    response_->keep_alive(keep_alive);
    response_->body() = std::move(reply.body);
    response_->prepare_payload();
    http::async_write(stream_, *response_,
                      [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                        if (failed) return;
                        if (self->response_->keep_alive()) {
                          self->Read();
                        } else {
                          beast::get_lowest_layer(self->stream_).close();
                        }
                      });
  }

  Stream stream_;
  ConnectionServices& services_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_HTTP_CONNECTION_H_
