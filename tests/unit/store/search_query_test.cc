#include "daemon/store/search_query.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::store {
namespace {

using Terms = std::vector<SearchTerm>;

Terms Parsed(std::string_view text) {
  auto terms = ParseSearch(text);
  EXPECT_TRUE(terms) << text << ": " << terms.error().message;
  return terms.value_or(Terms());
}

std::string Fault(std::string_view text) {
  const auto terms = ParseSearch(text);
  EXPECT_FALSE(terms) << text;
  if (terms) return "";
  EXPECT_EQ(terms.error().code, ErrorCode::kInvalidArgument);
  return terms.error().message;
}

TEST(SearchQueryTest, WordsPhrasesBeginningsAndExclusions) {
  EXPECT_EQ(Parsed("one two"), (Terms{{"one"}, {"two"}}));
  EXPECT_EQ(Parsed("  \"one two\"  three"), (Terms{{"one two"}, {"three"}}));
  EXPECT_EQ(Parsed("wor* \"big wor\"*"), (Terms{{"wor", true}, {"big wor", true}}));
  EXPECT_EQ(
      Parsed("one -two -\"three four\" -fi*"),
      (Terms{{"one"}, {"two", false, true}, {"three four", false, true}, {"fi", true, true}}));
}

TEST(SearchQueryTest, QuotationMarksAndSpacesOfOtherKeyboardsCount) {
  EXPECT_EQ(Parsed("“one two”\u3000„drei vier“ five\u00A0six"),
            (Terms{{"one two"}, {"drei vier"}, {"five"}, {"six"}}));
}

TEST(SearchQueryTest, SyntaxOfFts5IsText) {
  for (const char* text : {"AND", "OR", "NOT", "NEAR(a", "content:word", "^word", "(word)", "a+b",
                           "{x}", "wo-rd", "it's", "a,b", "\\", "--"}) {
    const Terms terms = Parsed(std::string("word ") + text);
    ASSERT_EQ(terms.size(), 2U) << text;
    EXPECT_FALSE(terms[1].prefix) << text;
  }
}

TEST(SearchQueryTest, PunctuationAloneIsNoFault) {
  EXPECT_EQ(Parsed("one - two \"\""), (Terms{{"one"}, {"two"}}));
}

TEST(SearchQueryTest, FaultsSayWhatAndWhere) {
  EXPECT_EQ(Fault(""), "the search is empty");
  EXPECT_EQ(Fault(" \t\n\u3000"), "the search is empty");
  EXPECT_EQ(Fault("one \"two"),
            "the search cannot be read: a quotation mark is not closed (character 5)");
  EXPECT_EQ(Fault("Grüße \"two"),
            "the search cannot be read: a quotation mark is not closed (character 7)");
  EXPECT_EQ(Fault("one *"),
            "the search cannot be read: * can only be at the end of a word (character 5)");
  EXPECT_EQ(Fault("o*e"),
            "the search cannot be read: * can only be at the end of a word (character 2)");
  EXPECT_EQ(Fault("on**"),
            "the search cannot be read: * can only be at the end of a word (character 3)");
  EXPECT_EQ(Fault("one é*"),
            "the search cannot be read: before * there must be at least 2 letters (character 6)");
  EXPECT_EQ(Fault("-one -\"two\""),
            "the search cannot be read: something to look for is needed beside what is excluded "
            "(character 1)");
}

TEST(SearchQueryTest, FaultsNeverRepeatTheText) {
  for (const char* text : {"secretword \"", "secretword* secretword*x", "-secretword"}) {
    EXPECT_EQ(Fault(text).find("secretword"), std::string::npos) << Fault(text);
  }
}

TEST(SearchQueryTest, LimitsAreFaults) {
  EXPECT_EQ(Parsed(std::string(limits::kSearchQueryBytes, 'x')).size(), 1U);
  EXPECT_EQ(Fault(std::string(limits::kSearchQueryBytes + 1, 'x')),
            "the search is longer than 1024 bytes");
  std::string many;
  for (std::size_t i = 0; i < limits::kSearchTerms; ++i) many += "word ";
  EXPECT_EQ(Parsed(many).size(), limits::kSearchTerms);
  EXPECT_EQ(Fault(many + "more"),
            "the search cannot be read: there are more than 16 words and phrases (character 81)");
}

TEST(SearchQueryTest, OneCharacterOfAScriptWithoutSpacesMayGoOn) {
  EXPECT_EQ(Parsed("日*"), (Terms{{"日", true}}));
}

TEST(SearchQueryTest, EachTermIsOneStringOfFts5) {
  EXPECT_EQ(ToMatch({{"one"}, {"two three", true}}), R"("one" AND "two three" *)");
  EXPECT_EQ(ToMatch({{"a"}, {"b", false, true}, {"c"}, {"d", true, true}}),
            R"(("a" AND "c") NOT ("b" OR "d" *))");
  EXPECT_EQ(ToMatch({{"x\" OR y"}}), R"("x"" OR y")");
  EXPECT_EQ(ToMatch({{std::string("x\0y", 3)}}), R"("x y")");
}

}  // namespace
}  // namespace hark::store
