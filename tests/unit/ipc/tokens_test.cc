#include "daemon/ipc/tokens.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace hark::ipc {
namespace {

TEST(TokensTest, ResumeTokenComesBack) {
  for (const LocalRevision revision :
       {LocalRevision{0}, LocalRevision{0x100000007}, std::numeric_limits<LocalRevision>::max()}) {
    EXPECT_EQ(ParseResumeToken(ResumeToken("a:b", revision), "a:b"), revision);
  }
}

TEST(TokensTest, ResumeTokenOfAnotherStoreIsNone) {
  EXPECT_EQ(ParseResumeToken(ResumeToken("one", 7), "two"), std::nullopt);
  for (const char* token : {"", "one", "one:", "one:x", "one:-1", "one:+1", "one:0x1", "one:1 ",
                            "one:11111111111111111"}) {
    EXPECT_EQ(ParseResumeToken(token, "one"), std::nullopt) << token;
  }
}

TEST(TokensTest, PageTokenComesBack) {
  const store::ListPosition position{WallTime(std::chrono::milliseconds(-5)),
                                     ConversationId("Grüße.:/ \n")};
  EXPECT_EQ(ParsePageToken(PageToken(position)), position);
}

TEST(TokensTest, PageTokenWithAnIdThatIsTooLongIsNone) {
  const std::string id(129, 'x');
  EXPECT_EQ(ParsePageToken(PageToken({WallTime(), ConversationId(id)})), std::nullopt);
}

TEST(TokensTest, OutboxTokenComesBack) {
  for (const std::uint64_t position : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0} >> 1})
    EXPECT_EQ(ParseOutboxToken(OutboxToken(position)), position);
  for (const char* token : {"", "o1", "o1.", "o1.x", "o1.-1", "o1.+1", "o1.1 ", "o1.1.2", "c1.1",
                            "o1.9223372036854775808", "o1.18446744073709551616"}) {
    EXPECT_EQ(ParseOutboxToken(token), std::nullopt) << token;
  }
}

TEST(TokensTest, SearchTokenComesBack) {
  const auto at = [](std::int64_t milliseconds) {
    return WallTime(std::chrono::milliseconds(milliseconds));
  };
  store::SearchPosition position{at(1'790'000'000'000), {at(-5), 7}, {}, {}};
  EXPECT_EQ(ParseSearchToken(SearchToken(position)), position);
  position.newest = {store::kEndOfTime, std::numeric_limits<std::int64_t>::max()};
  position.oldest = store::SearchPlace{WallTime(-store::kEndOfTime.time_since_epoch()), 0};
  EXPECT_EQ(ParseSearchToken(SearchToken(position)), position);
  position.last = {std::numeric_limits<std::uint32_t>::max(), {at(3), 1}};
  EXPECT_EQ(ParseSearchToken(SearchToken(position)), position);
  EXPECT_LT(SearchToken(position).size(), 200U);
}

TEST(TokensTest, WhatIsNoSearchTokenIsNone) {
  for (const char* token : {"",
                            "s1",
                            "s1.",
                            "s1.1",
                            "s1.1.2",
                            "s1.1.2.",
                            "s1.1.2.-3",
                            "s1.1.2.x",
                            "s1.1.2.3.",
                            "s1.1.2.3.4",
                            "s1.1.2.3.4.5.6",
                            "s1.1.2.3.4.5.6.7",
                            "s1.1.2.3.4.5.-1.7.8",
                            "s1.1.2.3.4.5.4294967296.7.8",
                            "s1.1.2.3.4.5.6.7.8.9",
                            "s1.1.2.3.4.5.6.7.8.",
                            "s1.1000000000000001.2.3",
                            "s1.1.-1000000000000001.3",
                            "s1.1.2.9223372036854775808",
                            "s2.1.2.3",
                            "c1.1.61"}) {
    EXPECT_EQ(ParseSearchToken(token), std::nullopt) << token;
  }
}

}  // namespace
}  // namespace hark::ipc
