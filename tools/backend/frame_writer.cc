#include "tools/backend/frame_writer.h"

namespace hark::backend {

std::optional<std::string> FrameWriter::Encode(const wire::ServerFrame& frame) const {
  if (encoding_ == Encoding::kProto && frame.ByteSizeLong() > max_bytes_) return std::nullopt;
  std::string bytes = EncodeFrame(encoding_, frame);
  if (bytes.size() > max_bytes_) return std::nullopt;
  return bytes;
}

wire::Refused::Code ToRefusalCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return wire::Refused::CODE_INVALID;
    case ErrorCode::kTooLarge: return wire::Refused::CODE_TOO_LARGE;
    case ErrorCode::kNotFound: return wire::Refused::CODE_NOT_FOUND;
    case ErrorCode::kConflict:
    case ErrorCode::kAlreadyExists: return wire::Refused::CODE_CONFLICT;
    case ErrorCode::kPermission: return wire::Refused::CODE_PERMISSION;
    case ErrorCode::kUnauthenticated: return wire::Refused::CODE_UNAUTHENTICATED;
    case ErrorCode::kRateLimited: return wire::Refused::CODE_RATE_LIMITED;
    case ErrorCode::kUnavailable: return wire::Refused::CODE_UNAVAILABLE;
    case ErrorCode::kMalformed: return wire::Refused::CODE_MALFORMED;
    case ErrorCode::kDataFolder:
    case ErrorCode::kInUse:
    case ErrorCode::kInternal: return wire::Refused::CODE_INTERNAL;
  }
  return wire::Refused::CODE_INTERNAL;
}

wire::ServerFrame MakeRefusal(std::uint64_t request_id, const Error& error) {
  constexpr std::uint32_t kRetryAfterMs = 1'000;
  wire::ServerFrame frame;
  wire::Refused& refused = *frame.mutable_refused();
  refused.set_request_id(request_id);
  refused.set_code(ToRefusalCode(error.code));
  refused.set_message(error.message);
  const bool passing =
      error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kRateLimited;
  if (passing) refused.set_retry_after_ms(kRetryAfterMs);
  return frame;
}

}  // namespace hark::backend
