#include "daemon/keys/recovery_code.h"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hark::keys {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(RecoveryCodeTest, ANewCodeIsSevenGroupsOfFiveAndIsUnderstood) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const Secret code = NewRecoveryCode();
    EXPECT_THAT(std::string(code.bytes()),
                MatchesRegex("([0-9A-HJKMNP-TV-Z]{5}-){6}[0-9A-HJKMNP-TV-Z]{5}"));
    const auto parsed = ParseRecoveryCode(code.bytes());
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->Equals(code.bytes()));
    EXPECT_TRUE(seen.emplace(code.bytes()).second);
  }
}

TEST(RecoveryCodeTest, HowItIsTypedDoesNotMatter) {
  const Secret code = NewRecoveryCode();
  std::string typed = "  ";
  for (const char c : code.bytes()) {
    if (c == '-') {
      typed += " ";
    } else {
      typed += c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
    }
  }
  typed += "\r\n";
  const auto parsed = ParseRecoveryCode(typed);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->Equals(code.bytes()));
}

TEST(RecoveryCodeTest, AnyOneWrongCharacterIsFoundInItsGroup) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const Secret code = NewRecoveryCode();
  for (std::size_t at = 0; at < code.bytes().size(); ++at) {
    if (code.bytes()[at] == '-') continue;
    for (const char wrong : kAlphabet) {
      if (wrong == code.bytes()[at]) continue;
      std::string typed(code.bytes());
      typed[at] = wrong;
      const auto parsed = ParseRecoveryCode(typed);
      ASSERT_FALSE(parsed);
      EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
      EXPECT_THAT(parsed.error().message, HasSubstr("Group " + std::to_string(at / 6 + 1) + " "));
    }
  }
}

TEST(RecoveryCodeTest, WhatIsNoCodeIsRefusedWithoutBeingRepeated) {
  for (const std::string& typed : {std::string(), std::string("KEYS-KEYS"), std::string(300, '0'),
                                   std::string(35, 'U'), std::string(34, '0') + "\xC3"}) {
    const auto parsed = ParseRecoveryCode(typed);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("KEYS")));
  }
}

}  // namespace
}  // namespace hark::keys
