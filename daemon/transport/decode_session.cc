#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "daemon/base/secret.h"
#include "daemon/transport/decode_frames.h"
#include "daemon/transport/decode_values.h"

namespace hark::transport {
namespace {

constexpr std::size_t kTokenBytes = 4096;

// The lowest values that sync.proto allows; a backend that says less is taken at these.
constexpr PeerLimits kLowestLimits{.frame_bytes = 262'144,
                                   .content_bytes = 1'024,
                                   .page_size = 1,
                                   .in_flight = 1,
                                   .subscriptions = 1};

// A Ping more often than the first is a flood; a peer silent for twice the last is long dead.
constexpr std::uint32_t kShortestHeartbeatMs = 100;
constexpr std::uint32_t kLongestHeartbeatMs = 300'000;

std::uint32_t AtLeast(std::uint32_t lowest, std::uint32_t told, std::uint32_t if_zero) {
  return told == 0 ? if_zero : std::max(lowest, told);
}

PeerLimits DecodeLimits(const wire::Limits& limits) {
  const PeerLimits defaults;
  return PeerLimits{
      .frame_bytes =
          AtLeast(kLowestLimits.frame_bytes, limits.max_frame_bytes(), defaults.frame_bytes),
      .content_bytes =
          AtLeast(kLowestLimits.content_bytes, limits.max_content_bytes(), defaults.content_bytes),
      .page_size = AtLeast(kLowestLimits.page_size, limits.max_page_size(), defaults.page_size),
      .in_flight = AtLeast(kLowestLimits.in_flight, limits.max_in_flight(), defaults.in_flight),
      .subscriptions =
          AtLeast(kLowestLimits.subscriptions, limits.max_subscriptions(), defaults.subscriptions),
  };
}

Resume DecodeResume(wire::Welcome::Resume resume) {
  if (resume == wire::Welcome::RESUME_OK) return Resume::kOk;
  if (resume == wire::Welcome::RESUME_TOO_OLD) return Resume::kTooOld;
  if (resume == wire::Welcome::RESUME_OTHER_EPOCH) return Resume::kOtherEpoch;
  return Resume::kNoCursor;
}

std::chrono::milliseconds DecodeHeartbeat(std::uint32_t told) {
  if (told == 0) return Welcome{}.heartbeat;
  return std::chrono::milliseconds{std::clamp(told, kShortestHeartbeatMs, kLongestHeartbeatMs)};
}

RefusedCode DecodeCode(wire::Refused::Code code) {
  switch (static_cast<int>(code)) {
    case wire::Refused::CODE_MALFORMED: return RefusedCode::kMalformed;
    case wire::Refused::CODE_UNAUTHENTICATED: return RefusedCode::kUnauthenticated;
    case wire::Refused::CODE_PERMISSION: return RefusedCode::kPermission;
    case wire::Refused::CODE_NOT_FOUND: return RefusedCode::kNotFound;
    case wire::Refused::CODE_INVALID: return RefusedCode::kInvalid;
    case wire::Refused::CODE_TOO_LARGE: return RefusedCode::kTooLarge;
    case wire::Refused::CODE_CONFLICT: return RefusedCode::kConflict;
    case wire::Refused::CODE_RATE_LIMITED: return RefusedCode::kRateLimited;
    case wire::Refused::CODE_UNAVAILABLE: return RefusedCode::kUnavailable;
    case wire::Refused::CODE_UNSUPPORTED: return RefusedCode::kUnsupported;
    default: return RefusedCode::kInternal;  // Unspecified, and codes of later versions.
  }
}

bool IsToken(std::string_view token) {
  auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
  return !token.empty() && token.size() <= kTokenBytes &&
         std::all_of(token.begin(), token.end(), is_visible);
}

}  // namespace

Welcome DecodeWelcome(wire::Welcome&& welcome, Rules& rules) {
  Welcome decoded;
  decoded.user = UserId(DecodeId(std::move(*welcome.mutable_user_id()), rules));
  decoded.session_id = DecodeSentence(std::move(*welcome.mutable_session_id()));
  decoded.server = DecodeSentence(std::move(*welcome.mutable_server()));
  decoded.resume = DecodeResume(welcome.resume());
  // With kOk the stream begins at the client's own cursor, and the backend may leave it out.
  if (decoded.resume != Resume::kOk || welcome.has_cursor()) {
    decoded.cursor = DecodeCursor(std::move(*welcome.mutable_cursor()), rules);
  }
  decoded.limits = DecodeLimits(welcome.limits());
  decoded.heartbeat = DecodeHeartbeat(welcome.heartbeat_ms());
  const auto can = [&features = welcome.features()](std::string_view word) {
    return std::find(features.begin(), features.end(), word) != features.end();
  };
  decoded.can_renew = can("renew");
  decoded.can_edit = can("edit");
  decoded.can_delete = can("delete");
  decoded.can_batch = can("histories");
  decoded.token_expires_at =
      DecodeOptionalTime(welcome.has_token_expires_at(), welcome.token_expires_at(), rules);
  return decoded;
}

Refused DecodeRefused(wire::Refused&& refused) {
  return Refused{
      .request = refused.request_id(),
      .code = DecodeCode(refused.code()),
      .message = DecodeSentence(std::move(*refused.mutable_message())),
      .retry_after = std::chrono::milliseconds{refused.retry_after_ms()},
  };
}

TokenRenewed DecodeTokenRenewed(wire::TokenRenewed&& renewed, Rules& rules) {
  rules.Require(IsToken(renewed.token()), "a token has 1 to 4096 bytes of visible ASCII");
  return TokenRenewed{
      .request = renewed.request_id(),
      .token = Secret(std::move(*renewed.mutable_token())),
      .expires_at = DecodeOptionalTime(renewed.has_expires_at(), renewed.expires_at(), rules),
  };
}

GoingAway DecodeGoingAway(wire::GoingAway&& going_away) {
  return GoingAway{
      .reason = DecodeSentence(std::move(*going_away.mutable_reason())),
      .reconnect_after = std::chrono::milliseconds{going_away.reconnect_after_ms()},
  };
}

}  // namespace hark::transport
