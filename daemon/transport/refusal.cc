#include "daemon/transport/refusal.h"

#include <algorithm>
#include <string>
#include <utility>

namespace hark::transport {
namespace {

constexpr std::size_t kRetryAfterDigits = 6;

// Only the form in seconds; the header comes from a stranger, so nothing else of it is repeated.
std::string RetrySentence(std::string_view retry_after) {
  bool is_number = !retry_after.empty() && retry_after.size() <= kRetryAfterDigits &&
                   std::all_of(retry_after.begin(), retry_after.end(),
                               [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return "";
  return "; it asks to come back after " + std::string(retry_after) + " s";
}

Error Refused(ErrorCode code, std::string sentence) {
  return Error(code, std::move(sentence), Trouble::kRefused);
}

}  // namespace

Error RefusalError(unsigned status, std::string_view retry_after) {
  std::string http = " (HTTP " + std::to_string(status) + ")";
  switch (status) {
    case 401:
    case 403: return Refused(ErrorCode::kUnauthenticated, "the backend refuses this client" + http);
    case 404:
    case 405:
    case 410:
      return Refused(ErrorCode::kInvalidArgument,
                     "there is no sync endpoint at the backend's URL" + http);
    case 400:
    case 426:
      return Refused(ErrorCode::kInvalidArgument,
                     "the server at the backend's URL does not speak this protocol" + http);
    case 429:
      return Refused(ErrorCode::kOffline,
                     "the backend has too many requests" + http + RetrySentence(retry_after));
    default: break;
  }
  if (status >= 300 && status < 400) {
    return Refused(ErrorCode::kInvalidArgument,
                   "the backend's URL leads elsewhere, which is not followed" + http);
  }
  return Refused(ErrorCode::kOffline,
                 "the backend is not available" + http + RetrySentence(retry_after));
}

}  // namespace hark::transport
