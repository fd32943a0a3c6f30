#include "daemon/ipc/status.h"

#include <cstdint>
#include <utility>

#include "hark/v1/errors.pb.h"

namespace hark::ipc {
namespace {

// For everything that another attempt may cure: long enough not to spin, short enough not to be
// noticed.
constexpr std::uint32_t kRetryAfterMs = 500;

struct Row {
  grpc::StatusCode code;
  const char* reason;
  bool retryable;
};

Row RowFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT", false};
    case ErrorCode::kNotFound: return {grpc::StatusCode::NOT_FOUND, "NOT_FOUND", false};
    case ErrorCode::kConflict: return {grpc::StatusCode::ALREADY_EXISTS, "CONFLICT", false};
    case ErrorCode::kPrecondition:
      return {grpc::StatusCode::FAILED_PRECONDITION, "PRECONDITION", false};
    case ErrorCode::kLocked: return {grpc::StatusCode::FAILED_PRECONDITION, "LOCKED", false};
    case ErrorCode::kOffline: return {grpc::StatusCode::UNAVAILABLE, "OFFLINE", true};
    case ErrorCode::kUnauthenticated:
      return {grpc::StatusCode::FAILED_PRECONDITION, "NOT_SIGNED_IN", false};
    case ErrorCode::kResourceExhausted:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", true};
    case ErrorCode::kCorrupt: return {grpc::StatusCode::DATA_LOSS, "CORRUPT", false};
    case ErrorCode::kCancelled: return {grpc::StatusCode::UNAVAILABLE, "STOPPING", true};
    case ErrorCode::kTimeout: return {grpc::StatusCode::DEADLINE_EXCEEDED, "TIMEOUT", false};
    case ErrorCode::kInternal: return {grpc::StatusCode::INTERNAL, "INTERNAL", false};
  }
  return {grpc::StatusCode::INTERNAL, "INTERNAL", false};
}

grpc::Status Make(const Row& row, const Error& error) {
  v1::ErrorDetail detail;
  detail.set_reason(row.reason);
  detail.set_retryable(row.retryable);
  if (row.retryable) detail.set_retry_after_ms(kRetryAfterMs);
  v1::StatusDetails details;
  details.set_code(row.code);
  details.set_message(error.message);
  details.add_details()->PackFrom(detail);
  return {row.code, error.message, details.SerializeAsString()};
}

}  // namespace

grpc::Status ToGrpcStatus(const Error& error) {
  return Make(RowFor(error.code), error);
}

grpc::Status ApiVersionStatus(std::string sentence) {
  return Make({grpc::StatusCode::FAILED_PRECONDITION, "API_VERSION", false},
              {ErrorCode::kPrecondition, std::move(sentence)});
}

grpc::Status ToSignInStatus(const Error& error) {
  if (error.code != ErrorCode::kUnauthenticated) return ToGrpcStatus(error);
  return Make({grpc::StatusCode::UNAUTHENTICATED, "TOKEN_REFUSED", false}, error);
}

grpc::Status ToStreamStatus(const Error& error) {
  if (error.code != ErrorCode::kConflict) return ToGrpcStatus(error);
  return Make({grpc::StatusCode::ABORTED, "ACCOUNT_SWITCHED", false}, error);
}

}  // namespace hark::ipc
