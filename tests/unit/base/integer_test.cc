#include "daemon/base/integer.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace hark {
namespace {

TEST(ParseInteger, TakesAllOfTheTextOrNothing) {
  EXPECT_EQ(ParseInteger<std::uint16_t>("0"), 0);
  EXPECT_EQ(ParseInteger<std::uint16_t>("0065535"), 65'535);
  EXPECT_EQ(ParseInteger<int>("-12"), -12);
  EXPECT_EQ(ParseInteger<std::uint32_t>("ff", 16), 255U);
  for (const char* text : {"", "-", "-1", "+1", " 1", "1 ", "1x", "0x1", "65536", "1.0"})
    EXPECT_FALSE(ParseInteger<std::uint16_t>(text)) << text;
  EXPECT_FALSE(ParseInteger<std::uint16_t>(std::string_view()));
}

}  // namespace
}  // namespace hark
