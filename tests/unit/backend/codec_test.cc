// Both encodings of frames.
#include "tools/backend/codec.h"

#include <string>

#include <gtest/gtest.h>

#include "tools/backend/utf8.h"

namespace hark::backend {
namespace {

namespace wire = hark::sync::v1;

TEST(CodecTest, BinaryIsPreferredWhenBothAreOffered) {
  EXPECT_EQ(ChooseEncoding("hark.sync.v1.json, hark.sync.v1.proto"), Encoding::kProto);
  EXPECT_EQ(ChooseEncoding(" hark.sync.v1.json "), Encoding::kJson);
  EXPECT_EQ(ChooseEncoding("chat,hark.sync.v1.jsonx"), std::nullopt);
  EXPECT_EQ(ChooseEncoding(""), std::nullopt);
}

TEST(CodecTest, JsonFieldsAndEnumValuesThatAreNotKnownAreIgnored) {
  const auto frame = DecodeFrame(
      Encoding::kJson,
      R"({"append":{"requestId":"7","new":[1],"message":{"id":"a","role":"ROLE_FUTURE"}}})");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->append().request_id(), 7U);
  EXPECT_EQ(frame->append().message().role(), wire::ROLE_UNSPECIFIED);
}

TEST(CodecTest, JsonFrameOfALaterVersionIsEmpty) {
  const auto frame = DecodeFrame(Encoding::kJson, R"({"somethingNew":{"x":1}})");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->frame_case(), wire::ClientFrame::FRAME_NOT_SET);
}

TEST(CodecTest, DeepJsonIsRefusedBeforeItIsParsed) {
  const std::string deep = R"({"ping":)" + std::string(100'000, '[');
  EXPECT_FALSE(DecodeFrame(Encoding::kJson, deep));
  EXPECT_TRUE(JsonDepthWithin(std::string(64, '[') + std::string(64, ']'), 64));
  EXPECT_FALSE(JsonDepthWithin(std::string(65, '['), 64));
  EXPECT_TRUE(JsonDepthWithin(R"({"a":"[[[[[[\"[[[["})", 2));
}

TEST(CodecTest, InvalidUtf8IsRefusedInBothEncodings) {
  EXPECT_FALSE(DecodeFrame(Encoding::kJson, "{\"subscribe\":{\"add\":[\"\xff\"]}}"));
  EXPECT_FALSE(DecodeFrame(Encoding::kProto, "\x22\x03\x0a\x01\xff"));
  EXPECT_FALSE(DecodeFrame(Encoding::kJson, R"({"subscribe":{"add":["\ud800"]}})"));
}

TEST(CodecTest, Utf8IsCutBetweenCharacters) {
  EXPECT_EQ(Utf8PrefixBytes("aüb", 2), "a");
  EXPECT_EQ(Utf8PrefixBytes("aüb", 3), "aü");
  EXPECT_EQ(Utf8PrefixCharacters("aüb", 2), "aü");
  EXPECT_TRUE(IsValidUtf8("aü€😀"));
  EXPECT_FALSE(IsValidUtf8("\xc0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xed\xa0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(IsValidUtf8("\xe2\x82"));
}

}  // namespace
}  // namespace hark::backend
