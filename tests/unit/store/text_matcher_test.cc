#include "daemon/store/text_matcher.h"

#include <string>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::store {
namespace {

class TextMatcherTest : public testing::Test {
 protected:
  TextMatcher Matcher(const std::string& query) {
    return {ParseSearch(query).value_or(std::vector<SearchTerm>()), words_};
  }

  bool Matches(const std::string& query, const std::string& text) {
    return Matcher(query).Matches(text);
  }

  Snippet Show(const std::string& query, const std::string& text) {
    return MakeSnippet(text, Matcher(query).Find(text));
  }

  // With what was found in brackets.
  std::string Marked(const std::string& query, const std::string& text) {
    const Snippet snippet = Show(query, text);
    std::string marked = snippet.text;
    for (auto range = snippet.found.rbegin(); range != snippet.found.rend(); ++range) {
      marked.insert(range->end, "]");
      marked.insert(range->begin, "[");
    }
    return (snippet.cut_before ? "…" : "") + marked + (snippet.cut_after ? "…" : "");
  }

  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE};
  SearchWords words_{database_.getHandle()};
};

TEST_F(TextMatcherTest, AllTermsAndNoExcludedOne) {
  EXPECT_TRUE(Matches("one two", "Two and ONE"));
  EXPECT_FALSE(Matches("one two", "one"));
  EXPECT_TRUE(Matches("\"one two\"", "zero one, two"));
  EXPECT_FALSE(Matches("\"one two\"", "two one"));
  EXPECT_TRUE(Matches("wor* -war", "a world"));
  EXPECT_FALSE(Matches("wor* -war", "a world war"));
  EXPECT_TRUE(Matches("\"a wor\"*", "a world"));
  EXPECT_FALSE(Matches("\"a wor\"*", "a new world"));
  EXPECT_TRUE(Matches("e-mail", "my E Mail"));
  EXPECT_TRUE(Matches("tests -テ", "tests"));
  EXPECT_TRUE(Matches("明天", "我们明天见"));
  EXPECT_FALSE(Matches("明天", "天明"));
}

TEST_F(TextMatcherTest, PunctuationIsNothingToLookFor) {
  EXPECT_EQ(Matcher("!!! ...").wanted_terms(), 0U);
  EXPECT_EQ(Matcher("one !!! -...").terms().size(), 1U);
}

TEST_F(TextMatcherTest, OneCharacterThatIsAWordDoesNotGoOn) {
  EXPECT_FALSE(Matcher("日*").terms()[0].prefix);
  EXPECT_TRUE(Matcher("日go*").terms()[0].prefix);
}

TEST_F(TextMatcherTest, MoreAndShorterIsMoreRelevant) {
  const auto relevance = [this](const std::string& text) {
    return Relevance(Matcher("one two").Find(text), 2, text.size());
  };
  EXPECT_GT(relevance("one two"), 0);
  EXPECT_LT(relevance("one two"), 1);
  EXPECT_GT(relevance("one two one"), relevance("one two"));
  EXPECT_GT(relevance("one two"), relevance("one two " + std::string(1'000, 'x')));
  // A term that is there twice is worth less than both.
  EXPECT_GT(relevance("one two xxx"), relevance("one one one"));
}

TEST_F(TextMatcherTest, SnippetShowsWhatWasFound) {
  EXPECT_EQ(Marked("café wor*", "A cafe in the WORLD."), "A [cafe] in the [WORLD].");
  EXPECT_EQ(Marked("\"in the\"", "A cafe in the world"), "A cafe [in the] world");
  EXPECT_EQ(Marked("明天", "我们明天见"), "我们[明天]见");
  EXPECT_EQ(Marked("👍", "ok 👍🏽"), "ok [👍]🏽");
}

TEST_F(TextMatcherTest, SnippetOfALongTextIsCutAtWords) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + " ";
  EXPECT_EQ(
      Marked("word50 word52", text),
      "…word45 word46 word47 word48 word49 [word50] word51 [word52] word53 word54 word55 word56 "
      "word57 word58 word59 word60 word61 word62 word63 word64 word65 word66 word67…");
  EXPECT_TRUE(Show("word99", text).text.ends_with("word98 word99 "));
  EXPECT_FALSE(Show("word99", text).cut_after);
  EXPECT_FALSE(Show("word0", text).cut_before);
}

TEST_F(TextMatcherTest, SnippetIsWhereMostTermsAre) {
  const std::string far(300, '.');
  EXPECT_EQ(Marked("one two", "one" + far + "two one"), "…" + far.substr(0, 153) + "[two] [one]");
}

TEST_F(TextMatcherTest, SnippetsCutNoCharacterAndHaveALimit) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += i == 200 ? "明" : "日";
  const Snippet snippet = Show("明", text);
  EXPECT_TRUE(IsValidUtf8(snippet.text));
  EXPECT_EQ(FirstCharacters(snippet.text, limits::kSnippetCharacters), snippet.text);
  ASSERT_EQ(snippet.found.size(), 1U);
  EXPECT_EQ(snippet.text.substr(snippet.found[0].begin, 3), "明");
  // What was found may be longer than a snippet.
  const Snippet all = Show("\"" + text.substr(0, 180) + "\"", text.substr(0, 180) + text);
  EXPECT_TRUE(IsValidUtf8(all.text));
  for (const SnippetRange& range : all.found) EXPECT_LE(range.end, all.text.size());
}

TEST_F(TextMatcherTest, SnippetWithoutAPlaceIsTheBeginning) {
  EXPECT_EQ(MakeSnippet("some text", {}), (Snippet{"some text", {}, false, false}));
  EXPECT_EQ(MakeSnippet("", {}), Snippet());
}

}  // namespace
}  // namespace hark::store
