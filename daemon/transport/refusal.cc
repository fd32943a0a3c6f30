#include "daemon/transport/refusal.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/integer.h"
#include "daemon/base/limits.h"

namespace hark::transport {
namespace {

// Only the form in seconds; the header comes from a stranger, so nothing else of it is repeated.
std::optional<std::chrono::seconds> SecondsOf(std::string_view retry_after) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (retry_after.empty() || !std::all_of(retry_after.begin(), retry_after.end(), is_digit))
    return std::nullopt;
  const auto most = std::chrono::duration_cast<std::chrono::seconds>(limits::kRetryAfterMost);
  const auto seconds = ParseInteger<std::uint32_t>(retry_after);
  return seconds ? std::min(std::chrono::seconds(*seconds), most) : most;
}

Error Refused(ErrorCode code, std::string sentence) {
  return Error(code, std::move(sentence), Trouble::kRefused);
}

Error ComeBackLater(std::string sentence, std::string_view retry_after) {
  Error error = Refused(ErrorCode::kOffline, std::move(sentence));
  if (const auto seconds = SecondsOf(retry_after)) {
    error.message += "; it asks to come back after " + std::to_string(seconds->count()) + " s";
    error.retry_after = *seconds;
  }
  return error;
}

}  // namespace

Error RefusalError(unsigned status, std::string_view retry_after) {
  std::string http = " (HTTP " + std::to_string(status) + ")";
  switch (status) {
    case 401: return Refused(ErrorCode::kUnauthenticated, "the backend refuses this client" + http);
    // Of a wall between here and there: the backend itself refuses with a frame.
    case 403: return ComeBackLater("the backend refuses this client" + http, retry_after);
    case 404:
    case 405:
    case 410:
      return Refused(ErrorCode::kInvalidArgument,
                     "there is no sync endpoint at the backend's URL" + http);
    case 400:
    case 426:
      return Refused(ErrorCode::kInvalidArgument,
                     "the server at the backend's URL does not speak this protocol" + http);
    case 429: return ComeBackLater("the backend has too many requests" + http, retry_after);
    default: break;
  }
  if (status >= 300 && status < 400) {
    return Refused(ErrorCode::kInvalidArgument,
                   "the backend's URL leads elsewhere, which is not followed" + http);
  }
  return ComeBackLater("the backend is not available" + http, retry_after);
}

}  // namespace hark::transport
