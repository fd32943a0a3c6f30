#include "daemon/transport/proxy.h"

#include <array>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "daemon/base/integer.h"
#include "daemon/base/limits.h"
#include "daemon/base/task.h"

namespace hark::transport {
namespace {

namespace ip = asio::ip;
namespace urls = boost::urls;

constexpr std::uint16_t kHttpPort = 80;
constexpr std::string_view kScheme = "http://";

tl::unexpected<Error> FailSetting(std::string sentence) {
  return Fail(ErrorCode::kInvalidArgument, std::move(sentence), Trouble::kSettings);
}

// "Basic " and user:password in base64.
Secret BasicAuthorization(std::string user, std::string password) {
  constexpr std::string_view kBasic = "Basic ";
  std::string both;
  both.reserve(user.size() + 1 + password.size());
  both.append(user).append(":").append(password);
  std::string header(kBasic.size() + (both.size() + 2) / 3 * 4 + 1, '\0');
  kBasic.copy(header.data(), kBasic.size());
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(header.data() + kBasic.size()),
                                   reinterpret_cast<const unsigned char*>(both.data()),
                                   static_cast<int>(both.size()));
  header.resize(kBasic.size() + static_cast<std::size_t>(size));
  for (std::string* const text : {&user, &password, &both})
    OPENSSL_cleanse(text->data(), text->size());
  return Secret(std::move(header));
}

// One entry of the exceptions, taken apart.
struct Exception {
  std::string_view host;  // Without brackets.
  std::optional<std::uint16_t> port;
};

Exception ParseException(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t close = entry.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = entry.substr(close + 1);
    return {entry.substr(1, close - 1),
            rest.starts_with(':') ? ParseInteger<std::uint16_t>(rest.substr(1)) : std::nullopt};
  }
  const std::size_t colon = entry.find(':');
  // More than one: an IPv6 address.
  if (colon == std::string_view::npos || entry.find(':', colon + 1) != std::string_view::npos)
    return {entry, std::nullopt};
  return {entry.substr(0, colon), ParseInteger<std::uint16_t>(entry.substr(colon + 1))};
}

bool IsInNetwork(const ip::address& address, const std::string& network) {
  boost::system::error_code error;
  if (address.is_v4()) {
    const ip::network_v4 v4 = ip::make_network_v4(network, error);
    if (error) return false;
    return ip::network_v4(address.to_v4(), v4.prefix_length()).canonical() == v4.canonical();
  }
  const ip::network_v6 v6 = ip::make_network_v6(network, error);
  if (error) return false;
  return ip::network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

bool IsName(const std::string& host, std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) name.remove_prefix(1);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || !host.ends_with(name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

bool Matches(const Endpoint& endpoint, std::string_view entry) {
  if (entry == "*") return true;
  const Exception exception = ParseException(entry);
  if (exception.port && *exception.port != endpoint.port) return false;
  boost::system::error_code not_an_address;
  const ip::address address = ip::make_address(endpoint.host, not_an_address);
  const std::string host = LowerCase(exception.host);
  if (not_an_address) return IsName(endpoint.host, host);
  if (host.find('/') != std::string::npos) return IsInNetwork(address, host);
  return ip::make_address(host, not_an_address) == address && !not_an_address;
}

}  // namespace

ProxySettings ReadProxySettings(const std::function<std::string(const std::string&)>& variable) {
  ProxySettings settings;
  for (const char* const name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    std::string url = variable(name);
    if (url.empty()) continue;
    settings.url = Secret(std::move(url));
    settings.variable = name;
    break;
  }
  settings.exceptions = variable("no_proxy");
  if (settings.exceptions.empty()) settings.exceptions = variable("NO_PROXY");
  return settings;
}

Result<Proxy> ParseProxy(std::string_view url) {
  if (url.size() > limits::kProxySettingBytes) return FailSetting("is too long");
  std::string whole;
  whole.reserve(kScheme.size() + url.size());
  if (url.find("://") == std::string_view::npos) whole += kScheme;
  whole += url;
  const Secret text(std::move(whole));
  const auto parsed = urls::parse_uri({text.bytes().data(), text.bytes().size()});
  if (!parsed) return FailSetting("is not a valid URL");
  const urls::url_view& parts = *parsed;
  if (LowerCase({parts.scheme().data(), parts.scheme().size()}) != "http")
    return FailSetting("must be an http:// proxy");
  const Result<std::string> host = HostOf(parts);
  if (!host) return FailSetting("names no valid host");
  const bool has_more = parts.has_query() || parts.has_fragment() ||
                        (!parts.encoded_path().empty() && parts.encoded_path() != "/");
  if (has_more) return FailSetting("must not have a path");
  Proxy proxy;
  proxy.host = *host;
  proxy.port = PortOf(parts, kHttpPort);
  if (proxy.port == 0) return FailSetting("has a port outside of 1 to 65535");
  if (parts.has_userinfo())
    proxy.authorization = BasicAuthorization(parts.user(), parts.password());
  return proxy;
}

bool IsExcepted(const Endpoint& endpoint, std::string_view exceptions) {
  constexpr std::string_view kSeparators = ", \t";
  while (true) {
    const std::size_t start = exceptions.find_first_not_of(kSeparators);
    if (start == std::string_view::npos) return false;
    exceptions.remove_prefix(start);
    const std::string_view entry = exceptions.substr(0, exceptions.find_first_of(kSeparators));
    exceptions.remove_prefix(entry.size());
    if (Matches(endpoint, entry)) return true;
  }
}

Result<std::optional<Proxy>> ProxyFor(const ProxySettings& settings, const Endpoint& endpoint) {
  if (settings.url.empty() || IsThisMachine(endpoint.host)) return std::nullopt;
  if (settings.exceptions.size() > limits::kProxySettingBytes)
    return FailSetting("the proxy's exceptions (no_proxy) are too long");
  if (IsExcepted(endpoint, settings.exceptions)) return std::nullopt;
  Result<Proxy> proxy = ParseProxy(settings.url.bytes());
  if (!proxy) return FailSetting("the proxy of " + settings.variable + " " + proxy.error().message);
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace hark::transport
