#include "daemon/store/word_splitter.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include "daemon/base/utf8.h"
#include "daemon/store/search_tokenizer.h"

namespace hark::store {
namespace {

struct Word {
  std::string folded;
  std::string in_text;

  friend bool operator==(const Word&, const Word&) = default;
};

class WordSplitterTest : public testing::Test {
 protected:
  // What the index has, and which bytes of the text that is.
  std::vector<Word> Words(std::string_view text) {
    std::pair<std::string_view, std::vector<Word>> reading(text, {});
    words_.Split(
        text, &reading, [](void* context, int, const char* word, int bytes, int begin, int end) {
          auto& [whole, found] = *static_cast<decltype(reading)*>(context);
          found.push_back({std::string(word, static_cast<std::size_t>(bytes)),
                           std::string(whole.substr(static_cast<std::size_t>(begin),
                                                    static_cast<std::size_t>(end - begin)))});
          return 0;
        });
    return reading.second;
  }

  std::vector<std::string> Folded(std::string_view text) {
    std::vector<std::string> folded;
    for (Word& word : Words(text)) folded.push_back(std::move(word.folded));
    return folded;
  }

  using Strings = std::vector<std::string>;

  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE};
  SearchWords words_{database_.getHandle()};
};

TEST_F(WordSplitterTest, AsciiIsLowerCaseBetweenPunctuation) {
  EXPECT_EQ(Words("Hello, WORLD-wide e-mail_2 x"), (std::vector<Word>{{"hello", "Hello"},
                                                                      {"world", "WORLD"},
                                                                      {"wide", "wide"},
                                                                      {"e", "e"},
                                                                      {"mail", "mail"},
                                                                      {"2", "2"},
                                                                      {"x", "x"}}));
  EXPECT_TRUE(Words("").empty());
  EXPECT_TRUE(Words(" .,;!? \n").empty());
}

TEST_F(WordSplitterTest, DiacriticsDoNotCount) {
  EXPECT_EQ(Folded("Köln Größe café CAFÉ Ångström Ünïcödé"),
            (Strings{"koln", "grosse", "cafe", "cafe", "angstrom", "unicode"}));
  // Written as a letter and a mark.
  EXPECT_EQ(Folded("cafe\u0301 o\u0308l"), (Strings{"cafe", "ol"}));
  EXPECT_EQ(Words("x café y")[1], (Word{"cafe", "café"}));
}

TEST_F(WordSplitterTest, CharactersOfScriptsWithoutSpacesAreWords) {
  EXPECT_EQ(Folded("我们明天见。"), (Strings{"我", "们", "明", "天", "见"}));
  EXPECT_EQ(Folded("テストです・日々"), (Strings{"テ", "ス", "ト", "で", "す", "日", "々"}));
  EXPECT_EQ(Folded("학교에서"), (Strings{"학", "교", "에", "서"}));
  EXPECT_EQ(Folded("ที่นี่"), (Strings{"ท", "ี", "่", "น", "ี", "่"}));
}

TEST_F(WordSplitterTest, ScriptsMayBeMixed) {
  EXPECT_EQ(Words("Das heißt 日本go、é2語"), (std::vector<Word>{{"das", "Das"},
                                                                {"heisst", "heißt"},
                                                                {"日", "日"},
                                                                {"本", "本"},
                                                                {"go", "go"},
                                                                {"e2", "é2"},
                                                                {"語", "語"}}));
}

TEST_F(WordSplitterTest, EmojiAreWordsWhateverTheirSkin) {
  EXPECT_EQ(Folded("ok👍🏽 👍 ❤️ 🇩🇪"), (Strings{"ok", "👍", "👍", "❤", "🇩", "🇪"}));
}

TEST_F(WordSplitterTest, ArabicAndHebrewAreFoundWithoutVowels) {
  EXPECT_EQ(Folded("مُحَمَّد محمد"), (Strings{"محمد", "محمد"}));
  EXPECT_EQ(Folded("שָׁלוֹם שלום"), (Strings{"שלום", "שלום"}));
  EXPECT_TRUE(Words("\u064E \u0640").empty());
}

TEST_F(WordSplitterTest, MarksDoNotCutWords) {
  EXPECT_EQ(Folded("हिन्दी में"), (Strings{"हिन्दी", "में"}));
}

TEST_F(WordSplitterTest, WhatTakesTheWordsMayStop) {
  for (const char* text : {"one two three", "één två drei", "一二三", "x 一 y"}) {
    int left = 2;
    words_.Split(text, &left, [](void* context, int, const char*, int, int, int) {
      return --*static_cast<int*>(context) == 0 ? 101 : 0;
    });
    EXPECT_EQ(left, 0) << text;
  }
}

// Whatever the text: words are in order, inside the text and apart; and the words of the folded
// words are these words again, since a search splits what was folded already.
TEST_F(WordSplitterTest, PlacesAreInOrderAndFoldingTwiceChangesNothing) {
  const unsigned seed = 20'261;
  std::mt19937 random(seed);
  const char32_t kSome[] = {'a',     'Z',     ' ',     '-',    0xE9,   0x301,  0xDF,   0x130,
                            0x3A3,   0x44F,   0x5D0,   0x5B7,  0x645,  0x64E,  0x939,  0x93F,
                            0xE17,   0xE35,   0x1100,  0x200D, 0x20AC, 0x2764, 0xFE0F, 0x3001,
                            0x304B,  0x3099,  0x30AB,  0x65E5, 0xD55C, 0xFF21, 0xFF76, 0xFFFD,
                            0x1F600, 0x1F3FD, 0x20000, 0xE0061};
  const auto encode = [](char32_t c) {
    std::string bytes;
    if (c < 0x80) {
      bytes = {static_cast<char>(c)};
    } else if (c < 0x800) {
      bytes = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      bytes = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    } else {
      bytes = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    return bytes;
  };
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (std::uint32_t left = random() % 20; left > 0; --left)
      text += encode(kSome[random() % std::size(kSome)]);
    ASSERT_TRUE(IsValidUtf8(text));
    struct Reading {
      int end = 0;
      int size = 0;
    } reading{0, static_cast<int>(text.size())};
    words_.Split(text, &reading, [](void* context, int, const char*, int, int begin, int end) {
      auto& [last, size] = *static_cast<Reading*>(context);
      EXPECT_LE(last, begin);
      EXPECT_LT(begin, end);
      EXPECT_LE(end, size);
      last = end;
      return 0;
    });
    std::string joined;
    for (const std::string& word : Folded(text)) joined += (joined.empty() ? "" : " ") + word;
    EXPECT_EQ(Folded(joined), Folded(text))
        << "seed " << seed << ", round " << round << ": " << text;
  }
}

TEST_F(WordSplitterTest, BrokenUtf8DoesNoHarm) {
  const unsigned seed = 7;
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 12, '\0');
    for (char& c : text) c = static_cast<char>(random() % 4 == 0 ? random() : 0xE0 + random() % 32);
    for (const Word& word : Words(text)) EXPECT_LE(word.in_text.size(), text.size()) << round;
  }
}

}  // namespace
}  // namespace hark::store
