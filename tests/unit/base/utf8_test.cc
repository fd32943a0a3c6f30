#include "daemon/base/utf8.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace hark {
namespace {

TEST(Utf8, AcceptsEveryLengthAndTheEdgesOfEachRange) {
  for (const char* text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Zoë 日本語 🎉"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesWhatProtobufRefuses) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC3\x28", "\xE0\x80\x80", "\xE0\x9F\xBF",
        "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x8E", "\xFF", "ok \xFE"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << text;
  }
}

TEST(Utf8, CutsBetweenCodePoints) {
  const std::string text = "aé日🎉b";
  EXPECT_EQ(FirstCharacters(text, 0), "");
  EXPECT_EQ(FirstCharacters(text, 2), "aé");
  EXPECT_EQ(FirstCharacters(text, 4), "aé日🎉");
  EXPECT_EQ(FirstCharacters(text, 99), text);
  for (std::size_t bytes = 0; bytes <= text.size() + 1; ++bytes) {
    const std::string_view cut = FirstBytes(text, bytes);
    EXPECT_LE(cut.size(), bytes);
    EXPECT_TRUE(IsValidUtf8(cut));
    EXPECT_GT(cut.size() + 4, std::min(bytes, text.size())) << "cuts no more than one code point";
  }
}

}  // namespace
}  // namespace hark
