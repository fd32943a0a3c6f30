#include "daemon/transport/stream_error.h"

#include <string>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/zlib/error.hpp>

namespace hark::transport {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

bool IsTooBig(const boost::system::error_code& error) {
  return error == beast::websocket::error::message_too_big ||
         error == beast::websocket::error::buffer_overflow;
}

// Anything but WebSocket from the peer: bad HTTP, bad frames, bad compressed data.
bool BrokeProtocol(const boost::system::error_code& error) {
  const auto& http = beast::http::make_error_code(beast::http::error::bad_version).category();
  const auto& zlib = beast::zlib::make_error_code(beast::zlib::error::need_buffers).category();
  return error == beast::websocket::condition::protocol_violation ||
         error == beast::websocket::condition::handshake_failed || error.category() == http ||
         error.category() == zlib;
}

// The first line is none of an answer.
bool IsNoHttp(const boost::system::error_code& error) {
  return error == beast::http::error::bad_version || error == beast::http::error::bad_status ||
         error == beast::http::error::bad_line_ending;
}

bool IsEndOfStream(const boost::system::error_code& error) {
  return error == asio::error::eof || error == beast::http::error::end_of_stream ||
         error == beast::http::error::partial_message;
}

}  // namespace

Error StreamError(const boost::system::error_code& error, std::string_view step) {
  std::string where = " while " + std::string(step);
  if (error == beast::websocket::error::closed) {
    return Error(ErrorCode::kOffline, "the backend closed the connection" + where,
                 Trouble::kUnreachable);
  }
  if (IsEndOfStream(error)) {
    return Error(ErrorCode::kOffline, "the backend broke off the connection" + where,
                 Trouble::kUnreachable);
  }
  if (IsTooBig(error)) {
    return Error(ErrorCode::kInvalidArgument, "the backend sent a frame over the limit",
                 Trouble::kFrameTooLarge);
  }
  if (IsNoHttp(error)) {
    return Error(ErrorCode::kInvalidArgument, "the server at the backend's URL does not speak HTTP",
                 Trouble::kProtocol);
  }
  if (BrokeProtocol(error)) {
    return Error(ErrorCode::kInvalidArgument,
                 "the server broke the WebSocket protocol" + where + ": " + error.message(),
                 Trouble::kProtocol);
  }
  return Error(
      ErrorCode::kOffline, "the connection failed" + where + ": " + error.message(),
      error.category() == asio::error::get_ssl_category() ? Trouble::kTls : Trouble::kUnreachable);
}

}  // namespace hark::transport
