#include "daemon/app/backend_url.h"

#include <string>

#include <gtest/gtest.h>

namespace hark::app {
namespace {

TEST(BackendUrl, TheDefaultIsOne) {
  EXPECT_TRUE(CheckBackendUrl(kDefaultBackendUrl));
}

TEST(BackendUrl, TakesPlainAndTlsNamesAndAddresses) {
  for (const char* url :
       {"ws://localhost", "wss://example.org/api/v1/sync", "wss://example.org:443/x?y=z",
        "ws://[::1]:8765/sync", "WSS://Example.org/"}) {
    EXPECT_TRUE(CheckBackendUrl(url)) << url;
  }
}

TEST(BackendUrl, RefusesWhatIsNoBackend) {
  for (const char* url :
       {"", "localhost:8765", "http://example.org/", "ws:", "ws://", "ws:///path", "wss://:443/",
        "ws://host:99999/", "ws://host:0/", "ws://host:port/", "ws://ho st/", "ws://host/a b",
        "ws://host/\n", "ws://host/#part", "ws://user:word@host/", "ws://user@host/"}) {
    const auto checked = CheckBackendUrl(url);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(CheckBackendUrl("ws://host/" + std::string(3000, 'a')));
}

TEST(BackendUrl, AnErrorDoesNotRepeatAPassword) {
  EXPECT_EQ(CheckBackendUrl("ws://user:hunter2@host/").error().message.find("hunter2"),
            std::string::npos);
}

}  // namespace
}  // namespace hark::app
