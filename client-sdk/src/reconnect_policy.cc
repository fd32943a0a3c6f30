#include "client-sdk/src/reconnect_policy.h"

namespace hark::client {
namespace {

// A daemon that fails this often in a row has a fault that asking again does not mend.
constexpr int kMaxFaults = 5;

}  // namespace

Verdict JudgeEnd(ErrorCode code, bool has_token, int failures) {
  switch (code) {
    case ErrorCode::kNoDaemon:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kCancelled: return Verdict::kReconnect;
    case ErrorCode::kInternal:
    case ErrorCode::kCorrupt:
    case ErrorCode::kResourceExhausted:
      return failures < kMaxFaults ? Verdict::kReconnect : Verdict::kEnd;
    case ErrorCode::kInvalidArgument: return has_token ? Verdict::kReconnectAfresh : Verdict::kEnd;
    case ErrorCode::kUntrustedDaemon:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kPrecondition:
    case ErrorCode::kNotSignedIn:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kAccountChanged:
    case ErrorCode::kUnsupported: return Verdict::kEnd;
  }
  return Verdict::kEnd;
}

std::chrono::milliseconds ReconnectDelay(int failures) {
  using std::chrono::milliseconds;
  // Quick while a restart is likely, then seldom enough not to keep a laptop awake.
  if (failures <= 1) return milliseconds(50);
  if (failures == 2) return milliseconds(100);
  if (failures <= 25) return milliseconds(200);
  return milliseconds(1000);
}

}  // namespace hark::client
