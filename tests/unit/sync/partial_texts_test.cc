#include "daemon/sync/partial_texts.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

transport::Partial Piece(std::uint64_t offset, std::string text, const char* id = "m") {
  return {ConversationId("c"), MessageId(id), Role::kAssistant, offset, std::move(text)};
}

// Adds it, a long time after the one before; what is shown then.
std::vector<std::string> Show(PartialTexts& texts, transport::Partial piece) {
  static Clock::Instant now{};
  now += 2 * limits::kPartialInterval;
  texts.Add(std::move(piece));
  std::vector<std::string> shown;
  for (const bus::PartialMessage& due : texts.TakeDue(now)) shown.push_back(due.text);
  return shown;
}

using Texts = std::vector<std::string>;

TEST(PartialTexts, JoinsPiecesInOrder) {
  PartialTexts texts;
  EXPECT_EQ(Show(texts, Piece(0, "You ")), Texts{"You "});
  EXPECT_EQ(Show(texts, Piece(4, "said")), Texts{"You said"});
}

TEST(PartialTexts, ARepeatedPieceChangesNothing) {
  PartialTexts texts;
  (void)Show(texts, Piece(0, "You "));
  EXPECT_EQ(Show(texts, Piece(0, "You ")), Texts{"You "});
}

TEST(PartialTexts, AMissedPieceIsNotPapered) {
  PartialTexts texts;
  EXPECT_EQ(Show(texts, Piece(4, "said")), Texts{});
  (void)Show(texts, Piece(0, "You "));
  EXPECT_EQ(Show(texts, Piece(9, "late")), Texts{});
}

TEST(PartialTexts, IsBoundedInSizeAndNumber) {
  PartialTexts texts;
  const std::string half(limits::kContentBytes / 2, 'x');
  EXPECT_EQ(Show(texts, Piece(0, half)).size(), 1U);
  EXPECT_EQ(Show(texts, Piece(half.size(), half)).size(), 1U);
  EXPECT_EQ(Show(texts, Piece(half.size() * 2, "x")), Texts{});
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(Show(texts, Piece(0, "a", std::to_string(i).c_str())), Texts{"a"});
  EXPECT_EQ(Show(texts, Piece(1, "b", "0")), Texts{}) << "the oldest was let go";
  EXPECT_EQ(Show(texts, Piece(1, "b", "99")), Texts{"ab"});
}

TEST(PartialTexts, FinishedMessageStartsAfresh) {
  PartialTexts texts;
  (void)Show(texts, Piece(0, "You "));
  texts.Finish(MessageId("m"));
  EXPECT_EQ(Show(texts, Piece(4, "said")), Texts{});
}

// A token at a time, as assistants write.
TEST(PartialTexts, ShowsEachMessageAtMostThirtyTimesASecondAndNothingIsLeftOver) {
  PartialTexts texts;
  constexpr int kPieces = 1'000;
  int shown = 0;
  std::string last;
  const auto take = [&](Clock::Instant now) {
    for (const bus::PartialMessage& due : texts.TakeDue(now)) {
      ++shown;
      last = due.text;
    }
  };
  for (int i = 0; i < kPieces; ++i) {
    texts.Add(Piece(static_cast<std::uint64_t>(i), "x"));
    take(Clock::Instant(std::chrono::milliseconds(i)));
  }
  EXPECT_LE(shown, 30);
  EXPECT_GE(shown, 29);
  ASSERT_TRUE(texts.NextDue());
  take(*texts.NextDue());
  EXPECT_EQ(last, std::string(kPieces, 'x'));
  EXPECT_FALSE(texts.NextDue());
}

}  // namespace
}  // namespace hark::sync
