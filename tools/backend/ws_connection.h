#ifndef HARK_TOOLS_BACKEND_WS_CONNECTION_H_
#define HARK_TOOLS_BACKEND_WS_CONNECTION_H_

// A session's WebSocket: reads messages for it and writes what it says, one write at a time. While
// the client does not read what it is sent, it is not read either, so the queue is bounded by what
// one request can answer. Included only by the two files that instantiate it.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "tools/backend/connection.h"
#include "tools/backend/limits.h"
#include "tools/backend/session.h"

namespace hark::backend {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

template <typename Stream>
class WsConnection final : public SessionOutput,
                           public std::enable_shared_from_this<WsConnection<Stream>> {
 public:
  using Request = http::request<http::empty_body>;

  WsConnection(Stream stream, Encoding encoding, ConnectionServices& services)
      : ws_(std::move(stream)), encoding_(encoding), services_(services) {
    ++services_.open_connections;
  }
  ~WsConnection() override {
    // The session refers to this object, so it goes first.
    session_.reset();
    --services_.open_connections;
  }
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  void Start(Request request) {
    Configure();
    request_ = std::move(request);
    ws_.async_accept(request_, [self = this->shared_from_this()](beast::error_code failed) {
      if (failed) return;
      self->request_ = {};
      self->session_ = std::make_unique<Session>(self->services_.session, self->encoding_, *self);
      self->Read();
    });
  }

  void Send(std::string frame) override {
    if (closing_ || frame.empty()) return;
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    if (queued_bytes_ > kWriteQueueHardBytes) {
      Abort();
    } else if (!writing_since_) {
      Write();
    }
  }

  void Close(CloseKind kind) override {
    if (closing_) return;
    closing_ = kind;
    if (!writing_since_) FinishClosing();
  }

  void Abort() override {
    if (!closing_) closing_ = CloseKind::kPolicy;
    beast::get_lowest_layer(ws_).close();
  }

  [[nodiscard]] std::size_t QueuedBytes() const override { return queued_bytes_; }
  [[nodiscard]] std::optional<SteadyPoint> WritingSince() const override { return writing_since_; }

 private:
  void Configure() {
    // The session has its own timeouts, told by the protocol; Beast's are for the two handshakes.
    beast::get_lowest_layer(ws_).expires_never();
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = kHelloTimeout;
    timeout.idle_timeout = websocket::stream_base::none();
    timeout.keep_alive_pings = false;
    ws_.set_option(timeout);
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    deflate.compLevel = 3;
    deflate.msg_size_threshold = 512;
    ws_.set_option(deflate);
    // Counts inflated bytes, so a small message that inflates to gigabytes ends the connection
    // here.
    ws_.read_message_max(kMaxFrameBytes);
    ws_.auto_fragment(false);
    ws_.binary(encoding_ == Encoding::kProto);
    ws_.set_option(websocket::stream_base::decorator(
        [name = std::string(SubprotocolName(encoding_))](websocket::response_type& response) {
          response.set(http::field::sec_websocket_protocol, name);
        }));
  }

  void Read() {
    ws_.async_read(buffer_, [self = this->shared_from_this()](
                                beast::error_code failed, std::size_t) { self->OnRead(failed); });
  }

  void OnRead(beast::error_code failed) {
    if (failed) {
      closing_ = closing_.value_or(CloseKind::kGoingAway);
      session_.reset();
      return;
    }
    const auto data = buffer_.cdata();
    session_->OnMessage({static_cast<const char*>(data.data()), data.size()}, ws_.got_text());
    buffer_.consume(buffer_.size());
    // After Close, what is still read is the client's answer to it; the session ignores the rest.
    if (queued_bytes_ < kWriteQueueSoftBytes || closing_) {
      Read();
    } else {
      reading_paused_ = true;
    }
  }

  void Write() {
    writing_since_ = services_.session.clock.Steady();
    ws_.async_write(boost::asio::buffer(queue_.front()),
                    [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                      self->OnWritten(failed);
                    });
  }

  void OnWritten(beast::error_code failed) {
    writing_since_.reset();
    if (failed) {
      Abort();
      return;
    }
    queued_bytes_ -= queue_.front().size();
    queue_.pop_front();
    if (!queue_.empty()) {
      Write();
    } else if (closing_) {
      FinishClosing();
      return;
    }
    if (closing_ || queued_bytes_ >= kWriteQueueSoftBytes || !session_) return;
    session_->OnWritten();
    if (std::exchange(reading_paused_, false)) Read();
  }

  void FinishClosing() {
    websocket::close_code code = websocket::close_code::going_away;
    switch (*closing_) {
      case CloseKind::kGoingAway: break;
      case CloseKind::kProtocolError: code = websocket::close_code::protocol_error; break;
      case CloseKind::kPolicy: code = websocket::close_code::policy_error; break;
    }
    ws_.async_close(code, [self = this->shared_from_this()](beast::error_code) {
      beast::get_lowest_layer(self->ws_).close();
    });
  }

  websocket::stream<Stream> ws_;
  const Encoding encoding_;
  ConnectionServices& services_;
  Request request_;
  beast::flat_buffer buffer_{kMaxFrameBytes};
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<SteadyPoint> writing_since_;
  std::optional<CloseKind> closing_;
  bool reading_paused_ = false;
  std::unique_ptr<Session> session_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_WS_CONNECTION_H_
