#include "daemon/transport/endpoint.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "daemon/base/integer.h"
#include "daemon/base/task.h"

namespace hark::transport {
namespace {

namespace urls = boost::urls;

constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kTlsPort = 443;
constexpr std::string_view kDefaultPath = "/api/v1/sync";
constexpr std::string_view kLocalhost = "localhost";

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// They hold nothing of the URL.
tl::unexpected<Error> FailUrl(const char* sentence) {
  return Fail(ErrorCode::kInvalidArgument, sentence, Trouble::kSettings);
}

std::string HostHeader(const Endpoint& endpoint) {
  bool is_v6 = endpoint.host.find(':') != std::string::npos;
  std::string header = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != (endpoint.tls ? kTlsPort : kPlainPort)) {
    header += ":" + std::to_string(endpoint.port);
  }
  return header;
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsThisMachine(const std::string& host) {
  boost::system::error_code not_an_address;
  const asio::ip::address address = asio::ip::make_address(host, not_an_address);
  return not_an_address ? IsLocalhostName(host) : address.is_loopback();
}

Result<std::string> HostOf(const urls::url_view& url) {
  std::string host = LowerCase(url.host_address());
  // Boost.URL 1.81 ends an address before its first strange letter: "127.0.0.1.example.org" must
  // not be taken for 127.0.0.1.
  const bool path_follows_host = url.encoded_path().empty() || url.encoded_path().starts_with('/');
  // Decoded, so that a name could hold anything, an end of line too.
  const bool is_name = url.host_type() == urls::host_type::name;
  const bool is_plain = !is_name || std::ranges::all_of(host, IsHostCharacter);
  if (!path_follows_host || host.empty() || !is_plain ||
      url.host_type() == urls::host_type::ipvfuture) {
    return FailUrl("the backend's URL names no valid host");
  }
  return host;
}

std::uint16_t PortOf(const urls::url_view& url, std::uint16_t usual) {
  const auto digits = url.port();
  if (digits.empty()) return usual;
  return ParseInteger<std::uint16_t>(digits).value_or(0);
}

bool IsLocalhostName(std::string_view host) {
  std::string name = LowerCase(host);
  return name == kLocalhost || name.ends_with(".localhost");
}

Result<Endpoint> ParseEndpoint(std::string_view url) {
  auto parsed = urls::parse_uri({url.data(), url.size()});
  if (!parsed) return FailUrl("the backend's URL is not a valid URL");
  const urls::url_view& parts = *parsed;

  std::string scheme = LowerCase({parts.scheme().data(), parts.scheme().size()});
  if (scheme != "ws" && scheme != "wss") {
    return FailUrl("the backend's URL must begin with wss://, or to this machine with ws://");
  }
  if (parts.has_userinfo()) {
    return FailUrl("the backend's URL must not hold a user name or password");
  }
  if (parts.has_fragment()) {
    return FailUrl("the backend's URL must not have a '#' part");
  }

  Endpoint endpoint;
  endpoint.tls = scheme == "wss";
  Result<std::string> host = HostOf(parts);
  if (!host) return tl::unexpected(std::move(host).error());
  endpoint.host = std::move(*host);
  endpoint.port = PortOf(parts, endpoint.tls ? kTlsPort : kPlainPort);
  if (endpoint.port == 0) {
    return FailUrl("the backend's URL has a port outside of 1 to 65535");
  }
  if (!endpoint.tls && !IsThisMachine(endpoint.host)) {
    return FailUrl(
        "ws:// is only allowed to this machine, since it sends everything readable: use "
        "wss://");
  }
  std::string path(parts.encoded_path().data(), parts.encoded_path().size());
  endpoint.target = path.empty() || path == "/" ? std::string(kDefaultPath) : path;
  if (parts.has_query()) {
    endpoint.target += "?";
    endpoint.target.append(parts.encoded_query().data(), parts.encoded_query().size());
  }
  endpoint.host_header = HostHeader(endpoint);
  return endpoint;
}

}  // namespace hark::transport
