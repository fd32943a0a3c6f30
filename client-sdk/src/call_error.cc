#include "client-sdk/src/call_error.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hark/v1/errors.pb.h"

namespace hark::client {
namespace {

// How gRPC's own messages about a broken connection begin or what they contain, over the
// versions 1.30 to 1.60. The daemon's messages are sentences for people and hold none of these.
constexpr std::array<std::string_view, 14> kConnectionTroubles = {
    "failed to connect to all addresses",
    "Socket closed",
    "Connection reset",
    "Broken pipe",
    "Stream removed",
    "GOAWAY",
    "recvmsg",
    "sendmsg",
    "Endpoint read failed",
    "RST_STREAM",
    "Transport closed",
    "Connection refused",
    "Cancelling all calls",
    "Server shutdown"};

bool IsConnectionTrouble(const std::string& message) {
  return std::any_of(
      kConnectionTroubles.begin(), kConnectionTroubles.end(),
      [&](std::string_view trouble) { return message.find(trouble) != std::string::npos; });
}

// What the daemon said, fit for one line of a terminal or a banner; `otherwise` if it said nothing.
std::string Sentence(const std::string& said, std::string_view otherwise) {
  constexpr std::size_t kMaxBytes = 500;
  std::string sentence;
  for (const char character : said.substr(0, kMaxBytes)) {
    const auto byte = static_cast<unsigned char>(character);
    sentence += byte < 0x20 || byte == 0x7F ? ' ' : character;
  }
  while (!sentence.empty() && (sentence.back() == '.' || sentence.back() == ' '))
    sentence.pop_back();
  return sentence.empty() ? std::string(otherwise) : sentence;
}

CallError Lost() {
  return {{ErrorCode::kNoDaemon, "the connection to the daemon was lost", Retry::kLater}, true};
}

CallError Answered(ErrorCode code, Retry retry, const grpc::Status& status,
                   std::string_view otherwise) {
  return {{code, Sentence(status.error_message(), otherwise), retry}, false};
}

// What the daemon attached; nothing with a status that gRPC made itself.
std::optional<v1::ErrorDetail> DetailOf(const grpc::Status& status) {
  v1::StatusDetails details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()))
    return std::nullopt;
  for (const google::protobuf::Any& any : details.details()) {
    v1::ErrorDetail detail;
    if (any.Is<v1::ErrorDetail>() && any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// By the status code alone.
CallError ExplainCode(const grpc::Status& status) {
  using grpc::StatusCode;
  switch (status.error_code()) {
    case StatusCode::UNAVAILABLE:
      // gRPC never leaves the message empty when it made the status itself.
      if (IsConnectionTrouble(status.error_message())) return Lost();
      return Answered(ErrorCode::kUnavailable, Retry::kLater, status,
                      "the daemon cannot do this now");
    case StatusCode::CANCELLED: return Lost();  // The SDK's own cancellations never get here.
    case StatusCode::DEADLINE_EXCEEDED:
      return {{ErrorCode::kTimeout, "the daemon did not answer in time", Retry::kLater}, false};
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::OUT_OF_RANGE:
      return Answered(ErrorCode::kInvalidArgument, Retry::kNo, status,
                      "the daemon refused the request as malformed");
    case StatusCode::NOT_FOUND:
      return Answered(ErrorCode::kNotFound, Retry::kNo, status, "there is no such thing");
    case StatusCode::ALREADY_EXISTS:
      return Answered(ErrorCode::kConflict, Retry::kNo, status,
                      "this id was used before, with other content");
    case StatusCode::FAILED_PRECONDITION:
      return Answered(ErrorCode::kNotSignedIn, Retry::kAfterAction, status, "nobody is signed in");
    case StatusCode::UNAUTHENTICATED:
      return Answered(ErrorCode::kUnauthenticated, Retry::kAfterAction, status,
                      "the backend refused the token");
    case StatusCode::PERMISSION_DENIED:
      return Answered(ErrorCode::kUntrustedDaemon, Retry::kNo, status,
                      "the daemon belongs to another user");
    case StatusCode::RESOURCE_EXHAUSTED:
      // gRPC's own message about sizes is for programmers.
      if (status.error_message().find("message larger than max") != std::string::npos) {
        return {{ErrorCode::kResourceExhausted, "a request or an answer is larger than the limit",
                 Retry::kNo},
                false};
      }
      return Answered(ErrorCode::kResourceExhausted, Retry::kAfterAction, status,
                      "a limit of the daemon is reached");
    case StatusCode::ABORTED:
      return Answered(ErrorCode::kAccountChanged, Retry::kAfterAction, status,
                      "another account was signed in");
    case StatusCode::DATA_LOSS:
      return Answered(ErrorCode::kCorrupt, Retry::kAfterAction, status,
                      "a file of the daemon is damaged");
    case StatusCode::UNIMPLEMENTED:
      return {{ErrorCode::kUnsupported, "the daemon is too old for this; update it",
               Retry::kAfterAction},
              false};
    case StatusCode::UNKNOWN:
    case StatusCode::INTERNAL:
    case StatusCode::OK:
    case StatusCode::DO_NOT_USE: break;
  }
  if (IsConnectionTrouble(status.error_message())) return Lost();
  return {
      {ErrorCode::kInternal,
       "the daemon failed: " + Sentence(status.error_message(), "it does not say why"), Retry::kNo},
      false};
}

// By the reason, where it is finer than the code.
void Refine(const v1::ErrorDetail& detail, CallError& explained) {
  Error& error = explained.error;
  if (detail.reason() == "NOT_SIGNED_IN") error.code = ErrorCode::kNotSignedIn;
  if (detail.reason() == "TOKEN_REFUSED") error.code = ErrorCode::kUnauthenticated;
  if (detail.reason() == "CONFLICT") error.code = ErrorCode::kConflict;
  if (detail.reason() == "PRECONDITION") {
    error.code = ErrorCode::kPrecondition;
    error.retry = Retry::kNo;
  }
  if (detail.reason() == "API_VERSION") error.code = ErrorCode::kUnsupported;
  if (detail.reason() == "CORRUPT") error.code = ErrorCode::kCorrupt;
  if (detail.reason() == "ACCOUNT_SWITCHED") error.code = ErrorCode::kAccountChanged;
  if (detail.reason() == "LOCKED" || detail.reason() == "OFFLINE")
    error.code = ErrorCode::kUnavailable;
  // A daemon that stops did nothing; the one that follows may.
  if (detail.reason() == "STOPPING") explained.lost = true;
  if (detail.retryable()) {
    error.retry = Retry::kLater;
    error.retry_after = std::chrono::milliseconds(detail.retry_after_ms());
  }
}

}  // namespace

CallError ExplainStatus(const grpc::Status& status) {
  const std::optional<v1::ErrorDetail> detail = DetailOf(status);
  if (!detail) return ExplainCode(status);
  CallError explained = ExplainCode(status);
  if (explained.lost) {
    // CANCELLED or words like gRPC's own, but the daemon answered.
    explained =
        Answered(ErrorCode::kUnavailable, Retry::kLater, status, "the daemon cannot do this now");
  }
  Refine(*detail, explained);
  return explained;
}

}  // namespace hark::client
