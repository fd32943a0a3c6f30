#include "daemon/transport/proxy_answer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "daemon/base/limits.h"

namespace hark::transport {
namespace {

// "HTTP/1.x NNN": the version's last digit and the three of the status are any.
constexpr std::string_view kStatusLine = "HTTP/1.0 000";
constexpr std::size_t kVersionAt = 7;
constexpr std::size_t kStatusAt = 9;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

tl::unexpected<Error> FailProxy(const std::string& sentence) {
  return Fail(ErrorCode::kOffline, "the proxy " + sentence, Trouble::kProxy);
}

// As far as it has come.
bool IsStatusLine(std::string_view text) {
  for (std::size_t at = 0; at < std::min(text.size(), kStatusLine.size()); ++at) {
    const bool is_digit = text[at] >= '0' && text[at] <= '9';
    const bool any_digit = at == kVersionAt || at >= kStatusAt;
    if (any_digit ? !is_digit : text[at] != kStatusLine[at]) return false;
  }
  if (text.size() <= kStatusLine.size()) return true;
  return text[kStatusLine.size()] == ' ' || text[kStatusLine.size()] == '\r';
}

tl::unexpected<Error> FailStatus(const std::string& status) {
  const std::string http = " (HTTP " + status + ")";
  if (status == "407") return FailProxy("wants a user name and password that it accepts" + http);
  if (status == "502" || status == "503" || status == "504")
    return FailProxy("cannot reach the backend" + http);
  return FailProxy("refuses to connect to the backend" + http);
}

}  // namespace

Result<bool> ReadProxyAnswer(std::string_view answer) {
  if (!IsStatusLine(answer)) return FailProxy("does not speak HTTP");
  const std::size_t end = answer.find(kEndOfHead);
  const bool complete = end != std::string_view::npos;
  if (complete ? end + kEndOfHead.size() > limits::kProxyAnswerBytes
               : answer.size() >= limits::kProxyAnswerBytes) {
    return FailProxy("sent an answer over the limit");
  }
  if (!complete) return false;
  const std::string status(answer.substr(kStatusAt, kStatusLine.size() - kStatusAt));
  if (status.front() != '2') return FailStatus(status);
  if (answer.size() > end + kEndOfHead.size()) return FailProxy("sent more than its answer");
  return true;
}

}  // namespace hark::transport
