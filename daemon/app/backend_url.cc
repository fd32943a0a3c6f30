#include "daemon/app/backend_url.h"

#include <charconv>
#include <system_error>

#include <boost/url/parse.hpp>

namespace hark::app {
namespace {

// More than any proxy or server takes.
constexpr std::size_t kUrlMaxBytes = 2048;

// Boost.URL takes any digits for a port.
bool IsPort(std::string_view digits) {
  unsigned port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return parsed.ec == std::errc() && port >= 1 && port <= 65535;
}

}  // namespace

Result<void> CheckBackendUrl(std::string_view text) {
  constexpr auto kInvalid = ErrorCode::kInvalidArgument;
  if (text.size() > kUrlMaxBytes) return Fail(kInvalid, "is too long for an address");
  const auto url = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!url || (url->scheme_id() != boost::urls::scheme::ws &&
               url->scheme_id() != boost::urls::scheme::wss)) {
    return Fail(kInvalid, "must be an address like ws://host:port/path or wss://host/path");
  }
  if (url->encoded_host().empty()) return Fail(kInvalid, "must name a host");
  if (url->has_userinfo()) return Fail(kInvalid, "must not contain a user name or password");
  if (url->has_fragment()) return Fail(kInvalid, "must not contain a fragment (#)");
  if (url->has_port() && !IsPort(url->port()))
    return Fail(kInvalid, "must have a port from 1 to 65535");
  return {};
}

}  // namespace hark::app
