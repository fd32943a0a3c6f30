#include "daemon/transport/endpoint.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "daemon/base/task.h"

namespace hark::transport {
namespace {

namespace urls = boost::urls;

constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kTlsPort = 443;
constexpr std::string_view kDefaultPath = "/api/v1/sync";
constexpr std::string_view kLocalhost = "localhost";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsLoopback(const std::string& host) {
  boost::system::error_code not_an_address;
  asio::ip::address address = asio::ip::make_address(host, not_an_address);
  return not_an_address ? IsLocalhostName(host) : address.is_loopback();
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

bool IsLocalhostName(std::string_view host) {
  std::string name = LowerCase(host);
  return name == kLocalhost || name.ends_with(".localhost");
}

Result<Endpoint> ParseEndpoint(std::string_view url) {
  auto parsed = urls::parse_uri({url.data(), url.size()});
  if (!parsed) return Fail(ErrorCode::kInvalidArgument, "the backend's URL is not a valid URL");
  const urls::url_view& parts = *parsed;

  std::string scheme = LowerCase({parts.scheme().data(), parts.scheme().size()});
  if (scheme != "ws" && scheme != "wss") {
    return Fail(ErrorCode::kInvalidArgument, "the backend's URL must begin with wss://");
  }
  if (parts.has_userinfo()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the backend's URL must not hold a user name or password");
  }
  if (parts.has_fragment()) {
    return Fail(ErrorCode::kInvalidArgument, "the backend's URL must not have a '#' part");
  }

  Endpoint endpoint;
  endpoint.tls = scheme == "wss";
  endpoint.host = LowerCase(parts.host_address());
  // Boost.URL 1.81 ends an address before its first strange letter: "127.0.0.1.example.org" must
  // not be taken for 127.0.0.1.
  bool path_follows_host = parts.encoded_path().empty() || parts.encoded_path().starts_with('/');
  if (!path_follows_host || endpoint.host.empty() ||
      parts.host_type() == urls::host_type::ipvfuture) {
    return Fail(ErrorCode::kInvalidArgument, "the backend's URL names no valid host");
  }
  endpoint.port = endpoint.tls ? kTlsPort : kPlainPort;
  if (!parts.port().empty()) endpoint.port = parts.port_number();
  if (endpoint.port == 0) {
    return Fail(ErrorCode::kInvalidArgument, "the backend's URL has a port outside of 1 to 65535");
  }
  if (!endpoint.tls && !IsLoopback(endpoint.host)) {
    return Fail(ErrorCode::kInvalidArgument,
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
