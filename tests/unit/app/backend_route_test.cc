#include "daemon/app/backend_route.h"

#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace hark::app {
namespace {

Config WithBackend(const std::string& url) {
  Config config;
  config.backend_url = url;
  return config;
}

Environment With(std::map<std::string, std::string> variables) {
  Environment environment;
  environment.variables = std::move(variables);
  return environment;
}

TEST(BackendRoute, NamesTheProxyWithoutItsPassword) {
  const Environment environment = With({{"https_proxy", "http://me:secret@proxy.example:3128"}});
  EXPECT_EQ(DescribeRoute(WithBackend("wss://chat.example"), environment),
            "# proxy = \"proxy.example:3128\"\n");
  EXPECT_EQ(
      DescribeRoute(WithBackend("wss://chat.example"), With({{"https_proxy", "http://[::1]"}})),
      "# proxy = \"[::1]:80\"\n");
}

TEST(BackendRoute, IsEmptyWithoutAProxy) {
  EXPECT_EQ(DescribeRoute(WithBackend("wss://chat.example"), With({})), "");
  EXPECT_EQ(DescribeRoute(WithBackend("ws://127.0.0.1:1"),
                          With({{"https_proxy", "http://proxy.example"}})),
            "");
  EXPECT_EQ(DescribeRoute(WithBackend("wss://chat.example"),
                          With({{"https_proxy", "http://proxy.example"}, {"no_proxy", "example"}})),
            "");
}

TEST(BackendRoute, SaysWhyASettingCannotBeUsedAndRepeatsNothingOfIt) {
  const std::string said = DescribeRoute(WithBackend("wss://chat.example"),
                                         With({{"https_proxy", "socks5://me:secret@x"}}));
  EXPECT_TRUE(said.starts_with("# proxy_problem = \"")) << said;
  EXPECT_EQ(said.find("secret"), std::string::npos) << said;
}

}  // namespace
}  // namespace hark::app
