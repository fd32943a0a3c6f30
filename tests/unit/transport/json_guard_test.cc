#include "daemon/transport/json_guard.h"

#include <string>

#include <gtest/gtest.h>

namespace hark::transport {
namespace {

TEST(JsonGuard, DepthIsCounted) {
  EXPECT_TRUE(IsShallowJson(R"({"a":[{"b":1}]})", 3));
  EXPECT_FALSE(IsShallowJson(R"({"a":[{"b":1}]})", 2));
  EXPECT_TRUE(IsShallowJson("[[],[],[]]", 2));
}

TEST(JsonGuard, HundredMegabytesOfBracketsAreRefusedWithoutRecursion) {
  EXPECT_FALSE(IsShallowJson(std::string(100'000'000, '['), 64));
}

TEST(JsonGuard, BracketsInStringsDoNotCount) {
  EXPECT_TRUE(IsShallowJson(R"({"a":"[[[{{{"})", 1));
  EXPECT_TRUE(IsShallowJson(R"({"a":"\"[[[","b":"\\"})", 1));
  EXPECT_FALSE(IsShallowJson(R"({"a":"\\"[[["})", 2));
}

TEST(JsonGuard, WhatIsNotClosedIsRefused) {
  EXPECT_FALSE(IsShallowJson(R"({"a":1)", 4));
  EXPECT_FALSE(IsShallowJson(R"("a)", 4));
  EXPECT_FALSE(IsShallowJson(R"("a\)", 4));
  EXPECT_FALSE(IsShallowJson(R"("a\")", 4));
  EXPECT_FALSE(IsShallowJson("}{", 4));
}

TEST(JsonGuard, CharactersThatJsonDoesNotHaveAreRefused) {
  EXPECT_FALSE(IsShallowJson("{'a':1}", 4));
  EXPECT_FALSE(IsShallowJson("{} // comment", 4));
  EXPECT_FALSE(IsShallowJson(std::string_view("{}\0", 3), 4));
  EXPECT_TRUE(IsShallowJson("[true, false, null, -1.5E+3]\r\n\t", 4));
}

}  // namespace
}  // namespace hark::transport
