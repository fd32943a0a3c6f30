#include "daemon/transport/endpoint.h"

#include <string>

#include <gtest/gtest.h>

namespace hark::transport {
namespace {

struct Good {
  const char* url;
  Endpoint endpoint;
};

TEST(Endpoint, UrlIsTakenApart) {
  const Good kCases[] = {
      {"wss://chat.example.org",
       {true, "chat.example.org", 443, "/api/v1/sync", "chat.example.org"}},
      {"WSS://Chat.Example.Org/",
       {true, "chat.example.org", 443, "/api/v1/sync", "chat.example.org"}},
      {"wss://a.example:8443/my/path?x=1&y=%20",
       {true, "a.example", 8443, "/my/path?x=1&y=%20", "a.example:8443"}},
      {"wss://10.1.2.3:443", {true, "10.1.2.3", 443, "/api/v1/sync", "10.1.2.3"}},
      {"wss://[2001:db8::1]:9/p", {true, "2001:db8::1", 9, "/p", "[2001:db8::1]:9"}},
      {"ws://localhost", {false, "localhost", 80, "/api/v1/sync", "localhost"}},
      {"ws://localhost:8080?user=1",
       {false, "localhost", 8080, "/api/v1/sync?user=1", "localhost:8080"}},
      {"ws://127.9.9.9:1", {false, "127.9.9.9", 1, "/api/v1/sync", "127.9.9.9:1"}},
      {"ws://[::1]:80/", {false, "::1", 80, "/api/v1/sync", "[::1]"}},
      {"ws://dev.localhost:80", {false, "dev.localhost", 80, "/api/v1/sync", "dev.localhost"}},
  };
  for (const Good& good : kCases) {
    Result<Endpoint> endpoint = ParseEndpoint(good.url);
    ASSERT_TRUE(endpoint.has_value()) << good.url << ": " << endpoint.error().message;
    EXPECT_EQ(endpoint->tls, good.endpoint.tls) << good.url;
    EXPECT_EQ(endpoint->host, good.endpoint.host) << good.url;
    EXPECT_EQ(endpoint->port, good.endpoint.port) << good.url;
    EXPECT_EQ(endpoint->target, good.endpoint.target) << good.url;
    EXPECT_EQ(endpoint->host_header, good.endpoint.host_header) << good.url;
  }
}

TEST(Endpoint, WhatCannotWorkIsRefused) {
  for (const char* url : {"",
                          "localhost",
                          "ws://127.0.0.1.example.org",
                          "wss://10.0.0.1x",
                          "wss://[::1]x",
                          "wss://",
                          "wss:///path",
                          "wss:host",
                          "https://example.org",
                          "wss://a b",
                          "wss://h:0",
                          "wss://h:65536",
                          "wss://h:65537",
                          "wss://h:99999",
                          "wss://h:99999999999",
                          "wss://h:x",
                          "wss://a%0d%0aX:%20y",
                          "wss://%61%00",
                          "wss://a%2eb,c",
                          "wss://h/#part",
                          "wss://[v1.x]",
                          "wss://[::1",
                          "wss://h/\x01",
                          "wss://h/%zz",
                          "wss://h\r\nX: y"}) {
    Result<Endpoint> endpoint = ParseEndpoint(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_EQ(endpoint.error().code, ErrorCode::kInvalidArgument) << url;
  }
}

TEST(Endpoint, PlainConnectionsStayOnThisMachine) {
  for (const char* url : {"ws://example.org", "ws://10.0.0.1", "ws://[2001:db8::1]", "ws://0.0.0.0",
                          "ws://localhost.example.org"}) {
    Result<Endpoint> endpoint = ParseEndpoint(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_EQ(endpoint.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(endpoint.error().message.find("wss://"), std::string::npos) << url;
  }
}

TEST(Endpoint, PasswordsAreRefusedAndNotRepeated) {
  Result<Endpoint> endpoint = ParseEndpoint("wss://somebody:swordfish@example.org/");
  ASSERT_FALSE(endpoint.has_value());
  EXPECT_EQ(endpoint.error().message.find("swordfish"), std::string::npos);
  EXPECT_EQ(endpoint.error().message.find("somebody"), std::string::npos);
}

}  // namespace
}  // namespace hark::transport
