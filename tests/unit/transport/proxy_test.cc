// The system's proxy settings.

#include "daemon/transport/proxy.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::transport {
namespace {

ProxySettings SettingsFrom(const std::map<std::string, std::string>& environment) {
  return ReadProxySettings([&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
}

Endpoint EndpointOf(const std::string& url) {
  Result<Endpoint> endpoint = ParseEndpoint(url);
  EXPECT_TRUE(endpoint.has_value()) << url;
  return endpoint.value_or(Endpoint{});
}

TEST(ProxySettings, TheMoreParticularVariableWinsAndLowerCaseBeforeUpper) {
  std::map<std::string, std::string> environment = {{"ALL_PROXY", "http://1"},
                                                    {"all_proxy", "http://2"},
                                                    {"HTTPS_PROXY", "http://3"},
                                                    {"https_proxy", "http://4"},
                                                    {"HTTP_PROXY", "http://5"}};
  for (const char* expected : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const ProxySettings settings = SettingsFrom(environment);
    EXPECT_EQ(settings.variable, expected);
    EXPECT_TRUE(settings.url.Equals(environment[expected]));
    environment.erase(expected);
  }
  // That one is for http:// alone.
  EXPECT_TRUE(SettingsFrom(environment).url.empty());
}

TEST(Proxy, UrlIsTakenApart) {
  struct Good {
    const char* url;
    const char* host;
    std::uint16_t port;
    const char* authorization;
  };
  for (const Good& good :
       {Good{"http://proxy.example:3128", "proxy.example", 3128, ""},
        Good{"HTTP://Proxy.Example/", "proxy.example", 80, ""},
        Good{"proxy.example:3128", "proxy.example", 3128, ""}, Good{"http://[::1]:1", "::1", 1, ""},
        Good{"10.0.0.1", "10.0.0.1", 80, ""},
        Good{"http://Aladdin:open%20sesame@p:8", "p", 8, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        Good{"http://user@p", "p", 80, "Basic dXNlcjo="},
        Good{"a:b%0d%0aX:%20y@p:8", "p", 8, "Basic YTpiDQpYOiB5"}}) {
    const Result<Proxy> proxy = ParseProxy(good.url);
    ASSERT_TRUE(proxy.has_value()) << good.url << ": " << proxy.error().message;
    EXPECT_EQ(proxy->host, good.host) << good.url;
    EXPECT_EQ(proxy->port, good.port) << good.url;
    EXPECT_TRUE(proxy->authorization.Equals(good.authorization)) << good.url;
  }
}

TEST(Proxy, OtherKindsAreRefusedAndNothingOfTheUrlIsRepeated) {
  for (const std::string& url :
       {std::string("https://canary:canary@p"), std::string("socks5://canary@p:1"),
        std::string("http://canary:canary@"), std::string("http://canary@p:0"),
        std::string("http://canary@p:65537"), std::string("http://canary@p:65536"),
        std::string("http://canary@p/path"), std::string("http://canary@p?x"),
        std::string("http://canary@p#x"), std::string("http://can%0d%0aary"),
        std::string("http://can ary"), std::string("http://"), std::string("\x01"),
        "http://canary@" + std::string(limits::kProxySettingBytes, 'a')}) {
    const Result<Proxy> proxy = ParseProxy(url);
    ASSERT_FALSE(proxy.has_value()) << url;
    EXPECT_EQ(proxy.error().code, ErrorCode::kInvalidArgument) << url;
    EXPECT_EQ(proxy.error().trouble, Trouble::kSettings) << url;
    EXPECT_EQ(proxy.error().message.find("canary"), std::string::npos) << proxy.error().message;
  }
}

TEST(ProxyExceptions, NamesAddressesNetworksAndPorts) {
  struct Case {
    const char* url;
    const char* exceptions;
    bool excepted;
  };
  for (const Case& c : {
           Case{"wss://a.example", "", false},
           Case{"wss://a.example", "*", true},
           Case{"wss://a.example", "b.example, a.example", true},
           Case{"wss://a.example", "b.example a.example", true},
           Case{"wss://a.example", "A.Example", true},
           Case{"wss://a.example", "a.example.", true},
           Case{"wss://a.example", "example", true},
           Case{"wss://a.example", ".example", true},
           Case{"wss://a.example", "*.example", true},
           Case{"wss://example", ".example", true},
           Case{"wss://aexample", "example", false},
           Case{"wss://a.example", "ample", false},
           Case{"wss://a.example", "x.a.example", false},
           Case{"wss://a.example", ",,", false},
           Case{"wss://a.example", ".", false},
           Case{"wss://a.example:8443", "a.example:8443", true},
           Case{"wss://a.example", "a.example:8443", false},
           Case{"wss://a.example", "a.example:443", true},
           Case{"wss://10.1.2.3", "10.1.2.3", true},
           Case{"wss://10.1.2.3", "10.1.2.3:443", true},
           Case{"wss://10.1.2.3", "10.1.2.3:1", false},
           Case{"wss://10.1.2.3", "10.0.0.0/8", true},
           Case{"wss://10.1.2.3", "10.1.2.4/31", false},
           Case{"wss://10.1.2.3", "10.1.2.3/33", false},
           Case{"wss://10.1.2.3", "3", false},
           Case{"wss://10.1.2.3", ".2.3", false},
           Case{"wss://[2001:db8::1]", "2001:db8::1", true},
           Case{"wss://[2001:db8::1]", "[2001:db8::1]:443", true},
           Case{"wss://[2001:db8::1]", "[2001:db8::1]:1", false},
           Case{"wss://[2001:db8::1]", "2001:db8::/32", true},
           Case{"wss://[2001:db8::1]", "2001:db9::/32", false},
           Case{"wss://[2001:db8::1]", "10.0.0.0/8,[", false},
       }) {
    EXPECT_EQ(IsExcepted(EndpointOf(c.url), c.exceptions), c.excepted)
        << c.url << " and " << c.exceptions;
  }
}

TEST(ProxyFor, ThisMachineIsNeverReachedThroughAProxy) {
  const ProxySettings settings = SettingsFrom({{"https_proxy", "http://p:1"}});
  for (const char* url : {"wss://localhost", "wss://127.1.2.3", "wss://[::1]:5", "ws://localhost"})
    EXPECT_FALSE(ProxyFor(settings, EndpointOf(url))->has_value()) << url;
  EXPECT_TRUE(ProxyFor(settings, EndpointOf("wss://a.example"))->has_value());
}

TEST(ProxyFor, SettingThatCannotBeUsedIsNotPassedOver) {
  const ProxySettings settings = SettingsFrom({{"all_proxy", "socks5h://x:canary@p"}});
  const auto proxy = ProxyFor(settings, EndpointOf("wss://a.example"));
  ASSERT_FALSE(proxy.has_value());
  EXPECT_EQ(proxy.error().message, "the proxy of all_proxy must be an http:// proxy");
}

TEST(ProxyFor, ExceptionsAreBounded) {
  const ProxySettings settings =
      SettingsFrom({{"https_proxy", "http://p:1"},
                    {"no_proxy", std::string(limits::kProxySettingBytes + 1, ',')}});
  EXPECT_FALSE(ProxyFor(settings, EndpointOf("wss://a.example")).has_value());
}

}  // namespace
}  // namespace hark::transport
