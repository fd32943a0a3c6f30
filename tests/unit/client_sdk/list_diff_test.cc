// The steps between two lists: they lead from one to the other, and are few.

#include "client-sdk/src/list_diff.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace hark::client {
namespace {

struct Word {
  std::string id;
  int version = 0;

  friend bool operator==(const Word&, const Word&) = default;
};

std::string_view IdOf(const Word& word) {
  return word.id;
}

ItemList<Word> ListOf(const std::vector<Word>& words) {
  ItemList<Word> list;
  for (const Word& word : words) list.push_back(std::make_shared<const Word>(word));
  return list;
}

std::vector<Word> Words(const ItemList<Word>& list) {
  std::vector<Word> words;
  for (const auto& item : list) words.push_back(*item);
  return words;
}

TEST(ListDiffTest, WhatIsTheSameIsNotMentioned) {
  const ItemList<Word> list = ListOf({{"a"}, {"b"}, {"c"}});
  EXPECT_TRUE(DiffLists(list, ListOf({{"a"}, {"b"}, {"c"}})).empty());
  EXPECT_TRUE(DiffLists(list, list).empty());
}

TEST(ListDiffTest, AMessageThatMovesIsRemovedAndInsertedAndNoOther) {
  const auto edits =
      DiffLists(ListOf({{"a"}, {"b"}, {"c"}, {"d"}}), ListOf({{"a"}, {"d", 1}, {"b"}, {"c"}}));
  ASSERT_EQ(edits.size(), 2U);
  EXPECT_EQ(edits[0].kind, ListEdit<Word>::Kind::kRemove);
  EXPECT_EQ(edits[0].index, 3U);
  EXPECT_EQ(edits[1].kind, ListEdit<Word>::Kind::kInsert);
  EXPECT_EQ(edits[1].index, 1U);
}

TEST(ListDiffTest, LongestRisingIsLongestAndRising) {
  EXPECT_EQ(LongestRising({3, 1, 2, 5, 4}), (std::vector<bool>{false, true, true, false, true}));
  EXPECT_TRUE(LongestRising({}).empty());
}

TEST(ListDiffTest, TheStepsLeadFromAnyListToAnyOther) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    std::mt19937 random(seed);
    const auto make = [&random] {
      std::vector<Word> words;
      for (int i = 0; i < 12; ++i) {
        if (random() % 3 != 0)
          words.push_back(
              {std::string(1, static_cast<char>('a' + i)), static_cast<int>(random() % 2)});
      }
      for (unsigned i = random() % 4; i > 0 && words.size() > 1; --i)
        std::swap(words[random() % words.size()], words[random() % words.size()]);
      return ListOf(words);
    };
    ItemList<Word> list = make();
    const ItemList<Word> wanted = make();
    const auto edits = DiffLists(list, wanted);
    EXPECT_LE(edits.size(), list.size() + wanted.size());
    ApplyEdits(edits, list);
    ASSERT_EQ(Words(list), Words(wanted)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hark::client
