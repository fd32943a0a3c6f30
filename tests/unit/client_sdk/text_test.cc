// The SDK's small helpers: UTF-8, ids, the default path, the checks of arguments.

#include <cstdlib>
#include <regex>
#include <set>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include "client-sdk/src/utf8.h"
#include "client-sdk/src/validate.h"
#include "client-sdk/src/wipe.h"
#include "hark/client.h"

namespace hark::client {
namespace {

TEST(Utf8Test, ValidTextPasses) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
}

TEST(Utf8Test, InvalidTextIsFound) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x98", "a\xFFz"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(WipeTest, NothingIsLeft) {
  std::string secret = "token-that-is-longer-than-a-short-string";
  const std::size_t size = secret.size();
  Wipe(&secret);
  EXPECT_EQ(secret, std::string(size, '\0'));
}

TEST(MessageIdTest, IsAUuidOfVersion7AndUnique) {
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewMessageId();
    EXPECT_TRUE(std::regex_match(id, shape)) << id;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(SocketPathTest, EnvironmentDecidesInOrder) {
  unsetenv("HARK_SOCKET");
  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("TMPDIR");
  EXPECT_EQ(DefaultSocketPath(), "/tmp/hark-" + std::to_string(geteuid()) + "/harkd.sock");
  setenv("TMPDIR", "/var/tmp", 1);
  EXPECT_EQ(DefaultSocketPath(), "/var/tmp/hark-" + std::to_string(geteuid()) + "/harkd.sock");
  setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  EXPECT_EQ(DefaultSocketPath(), "/run/user/7/hark/harkd.sock");
  setenv("HARK_SOCKET", "/x/y.sock", 1);
  EXPECT_EQ(DefaultSocketPath(), "/x/y.sock");
  unsetenv("HARK_SOCKET");
  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("TMPDIR");
}

TEST(ValidateTest, SendIsCheckedBeforeItLeaves) {
  const SendRequest good{
      .conversation_id = "c", .content = "x", .content_type = "", .metadata = {}, .id = ""};
  EXPECT_TRUE(ValidateSend(good).ok());
  const auto refused = [&](auto change) {
    SendRequest request = good;
    change(request);
    const Result<void> result = ValidateSend(request);
    return !result && result.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](SendRequest& r) { r.conversation_id.clear(); }));
  EXPECT_TRUE(refused([](SendRequest& r) { r.content.clear(); }));
  EXPECT_TRUE(refused([](SendRequest& r) { r.content.assign(kMaxContentBytes + 1, 'x'); }));
  EXPECT_FALSE(refused([](SendRequest& r) { r.content.assign(kMaxContentBytes, 'x'); }));
  EXPECT_TRUE(refused([](SendRequest& r) { r.content = "\xFF"; }));
  EXPECT_TRUE(refused([](SendRequest& r) { r.id = "not-a-uuid"; }));
  EXPECT_TRUE(refused([](SendRequest& r) { r.metadata["k"].assign(kMaxMetadataBytes, 'x'); }));
  EXPECT_TRUE(refused([](SendRequest& r) {
    for (int i = 0; i < 33; ++i) r.metadata[std::to_string(i)] = "";
  }));
}

TEST(ValidateTest, TokenIsVisibleAscii) {
  EXPECT_TRUE(ValidateToken("abc.DEF-123").ok());
  EXPECT_FALSE(ValidateToken("").ok());
  EXPECT_FALSE(ValidateToken("a b").ok());
  EXPECT_FALSE(ValidateToken("a\n").ok());
  EXPECT_FALSE(ValidateToken("\xC3\xA9").ok());
  EXPECT_FALSE(ValidateToken(std::string(kMaxTokenBytes + 1, 'x')).ok());
}

TEST(ValidateTest, RefusalsDoNotQuoteTheSecret) {
  const Result<void> result = ValidateToken("hunter2 ");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace hark::client
