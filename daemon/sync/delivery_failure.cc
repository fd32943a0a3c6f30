#include "daemon/sync/delivery_failure.h"

#include <string>

namespace hark::sync {
namespace {

struct Meaning {
  const char* reason;
  const char* sentence;
  bool can_retry;
};

Meaning MeaningOf(OutboxKind kind, transport::RefusedCode code) {
  const bool send = kind == OutboxKind::kSend;
  switch (code) {
    case transport::RefusedCode::kPermission:
      return {"PERMISSION", "The server does not allow this.", true};
    case transport::RefusedCode::kNotFound:
      return {"NOT_FOUND",
              send ? "The conversation does not exist at the server."
                   : "The message does not exist at the server.",
              true};
    case transport::RefusedCode::kTooLarge:
      return {"TOO_LARGE", "The message is too large for the server.", false};
    case transport::RefusedCode::kConflict:
      if (send) return {"CONFLICT", "The server already has another message under this id.", false};
      return {"CONFLICT", "Somebody else changed the message first.", true};
    case transport::RefusedCode::kUnsupported:
      return {"UNSUPPORTED", "The server cannot do this.", true};
    case transport::RefusedCode::kMalformed:
    case transport::RefusedCode::kUnauthenticated:
    case transport::RefusedCode::kInvalid:
    case transport::RefusedCode::kRateLimited:
    case transport::RefusedCode::kUnavailable:
    case transport::RefusedCode::kInternal: break;
  }
  return {"INVALID", "The server does not accept this message.", false};
}

}  // namespace

DeliveryFailure FailureOf(OutboxKind kind, transport::RefusedCode code,
                          std::chrono::milliseconds retry_after) {
  const Meaning meaning = MeaningOf(kind, code);
  DeliveryFailure failure;
  failure.reason = meaning.reason;
  failure.message = meaning.sentence;
  failure.can_retry = meaning.can_retry;
  if (meaning.can_retry) failure.retry_after = retry_after;
  return failure;
}

}  // namespace hark::sync
