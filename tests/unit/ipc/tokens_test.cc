#include "daemon/ipc/tokens.h"

#include <chrono>
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

}  // namespace
}  // namespace hark::ipc
