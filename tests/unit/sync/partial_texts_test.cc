#include "daemon/sync/partial_texts.h"

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

transport::Partial Piece(std::uint64_t offset, std::string text, const char* id = "m") {
  return {ConversationId("c"), MessageId(id), Role::kAssistant, offset, std::move(text)};
}

TEST(PartialTexts, JoinsPiecesInOrder) {
  PartialTexts texts;
  EXPECT_EQ(texts.Add(Piece(0, "You ")), "You ");
  EXPECT_EQ(texts.Add(Piece(4, "said")), "You said");
}

TEST(PartialTexts, ARepeatedPieceChangesNothing) {
  PartialTexts texts;
  (void)texts.Add(Piece(0, "You "));
  EXPECT_EQ(texts.Add(Piece(0, "You ")), "You ");
}

TEST(PartialTexts, AMissedPieceIsNotPapered) {
  PartialTexts texts;
  EXPECT_EQ(texts.Add(Piece(4, "said")), std::nullopt);
  (void)texts.Add(Piece(0, "You "));
  EXPECT_EQ(texts.Add(Piece(9, "late")), std::nullopt);
}

TEST(PartialTexts, IsBoundedInSizeAndNumber) {
  PartialTexts texts;
  const std::string half(limits::kContentBytes / 2, 'x');
  EXPECT_TRUE(texts.Add(Piece(0, half)));
  EXPECT_TRUE(texts.Add(Piece(half.size(), half)));
  EXPECT_FALSE(texts.Add(Piece(half.size() * 2, "x")));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(texts.Add(Piece(0, "a", std::to_string(i).c_str())));
  EXPECT_FALSE(texts.Add(Piece(1, "b", "0"))) << "the oldest was let go";
  EXPECT_EQ(texts.Add(Piece(1, "b", "99")), "ab");
}

TEST(PartialTexts, FinishedMessageStartsAfresh) {
  PartialTexts texts;
  (void)texts.Add(Piece(0, "You "));
  texts.Finish(MessageId("m"));
  EXPECT_FALSE(texts.Add(Piece(4, "said")));
}

}  // namespace
}  // namespace hark::sync
