#include "daemon/account/draft_book.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"

namespace hark::account {
namespace {

constexpr LocalRevision kOpening = LocalRevision{7} << 32;
const WallTime kNow{std::chrono::hours(24)};

DraftChange Change(const std::string& conversation, std::string text, std::uint64_t base) {
  return {ConversationId(conversation), std::move(text), base, false};
}

Draft Saved(const std::string& conversation, std::string text, std::uint64_t version) {
  return {ConversationId(conversation), std::move(text), version, kNow};
}

class DraftBookTest : public testing::Test {
 protected:
  // One that must be made; its version.
  std::uint64_t Set(const std::string& conversation, std::string text, std::uint64_t base) {
    const auto outcome = book_.Set(Change(conversation, std::move(text), base), kNow);
    EXPECT_TRUE(outcome);
    EXPECT_FALSE(outcome->conflict);
    return outcome->draft.version;
  }
  std::string Text(const std::string& conversation) {
    return book_.Get(ConversationId(conversation)).text;
  }

  DraftBook book_{kOpening + 12, {}};
};

TEST_F(DraftBookTest, VersionsRiseOverAllDraftsAndAboveTheGeneration) {
  EXPECT_EQ(book_.Get(ConversationId("a")).version, 0U);
  const std::uint64_t first = Set("a", "one", 0);
  EXPECT_GT(first, kOpening);
  const std::uint64_t second = Set("b", "two", 0);
  EXPECT_GT(second, first);
  EXPECT_GT(Set("a", "three", first), second);
  EXPECT_EQ(book_.Get(ConversationId("a")).changed_at, kNow);
}

TEST_F(DraftBookTest, AnOlderTextDoesNotOverwriteANewerOne) {
  const std::uint64_t first = Set("a", "one", 0);
  const std::uint64_t second = Set("a", "one two", first);
  const auto late = book_.Set(Change("a", "one three", first), kNow);
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->conflict);
  EXPECT_EQ(late->draft.version, second);
  EXPECT_EQ(late->draft.text, "one two");
  EXPECT_EQ(Text("a"), "one two");
  // Whoever never saw one has none to overwrite.
  EXPECT_TRUE(book_.Set(Change("a", "other", 0), kNow)->conflict);
}

TEST_F(DraftBookTest, TheSameTextAgainChangesNothing) {
  const std::uint64_t first = Set("a", "one", 0);
  EXPECT_EQ(Set("a", "one", 0), first);
  EXPECT_EQ(Set("a", "one", first), first);
  EXPECT_EQ(Set("b", "", 0), 0U);
}

TEST_F(DraftBookTest, AClearedDraftDoesNotComeBack) {
  const std::uint64_t first = Set("a", "one", 0);
  const std::uint64_t cleared = Set("a", "", first);
  EXPECT_GT(cleared, first);
  EXPECT_TRUE(book_.Set(Change("a", "one!", first), kNow)->conflict);
  EXPECT_TRUE(book_.List(std::nullopt).drafts.empty());
  EXPECT_EQ(book_.Get(ConversationId("a")).version, cleared);
  EXPECT_GT(Set("a", "new", cleared), cleared);
}

TEST_F(DraftBookTest, AVersionThatACrashTookIsNewerThanWhatIsHere) {
  const std::uint64_t lost = Set("a", "kept and lost", 0);
  DraftBook after(kOpening + (LocalRevision{1} << 32), {Saved("a", "kept", kOpening - 5)});
  const auto back = after.Set(Change("a", "kept and lost", lost), kNow);
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->conflict);
  EXPECT_GT(back->draft.version, lost);
}

TEST_F(DraftBookTest, ManyDraftsAreRefusedAndOneMoreIsPossibleAfterAClearing) {
  for (std::size_t i = 0; i < limits::kDrafts; ++i) Set("c" + std::to_string(i), "x", 0);
  const auto refused = book_.Set(Change("one more", "x", 0), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  const std::uint64_t version = book_.Get(ConversationId("c0")).version;
  Set("c0", "longer", version);
  Set("c0", "", book_.Get(ConversationId("c0")).version);
  Set("one more", "x", 0);
}

TEST_F(DraftBookTest, LongDraftsAreRefusedTogetherAndMayBecomeShorter) {
  const std::string longest(limits::kDraftBytes, 'x');
  const std::size_t fit = limits::kAllDraftsBytes / limits::kDraftBytes;
  for (std::size_t i = 0; i < fit; ++i) Set("c" + std::to_string(i), longest, 0);
  const auto refused = book_.Set(Change("one more", "x", 0), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  Set("c0", std::string(10, 'x'), book_.Get(ConversationId("c0")).version);
  Set("one more", std::string(100, 'x'), 0);
}

TEST_F(DraftBookTest, TheListIsNewestFirstAndOfOneItIsThatOne) {
  Set("a", "one", 0);
  const std::uint64_t second = Set("b", "two", 0);
  const DraftList all = book_.List(std::nullopt);
  ASSERT_EQ(all.drafts.size(), 2U);
  EXPECT_EQ(all.drafts[0].text, "two");
  EXPECT_EQ(all.version, second);
  const DraftList none = book_.List(ConversationId("none"));
  ASSERT_EQ(none.drafts.size(), 1U);
  EXPECT_EQ(none.drafts[0].version, 0U);
}

TEST_F(DraftBookTest, WhatChangedSinceIsInTheOrderOfTheChanges) {
  const std::uint64_t first = Set("a", "one", 0);
  const std::uint64_t second = Set("b", "two", 0);
  Set("a", "", first);
  const auto since = book_.Since(first, std::nullopt);
  ASSERT_TRUE(since);
  ASSERT_EQ(since->drafts.size(), 2U);
  EXPECT_EQ(since->drafts[0].version, second);
  EXPECT_EQ(since->drafts[1].text, "");
  EXPECT_EQ(book_.Since(first, ConversationId("b"))->drafts.size(), 1U);
  EXPECT_TRUE(book_.Since(since->version, std::nullopt)->drafts.empty());
  EXPECT_FALSE(book_.Since(since->version + 1, std::nullopt)) << "nobody was told of that";
}

TEST_F(DraftBookTest, SinceAVersionThatACrashTookCannotBeTold) {
  DraftBook after(kOpening, {Saved("a", "kept", 100)});
  EXPECT_TRUE(after.Since(100, std::nullopt));
  EXPECT_TRUE(after.Since(50, std::nullopt));
  EXPECT_FALSE(after.Since(101, std::nullopt)) << "somebody saw what was lost";
  // Also after more was written on top.
  const auto set = after.Set(Change("a", "more", 100), kNow);
  EXPECT_FALSE(after.Since(101, std::nullopt));
  EXPECT_TRUE(after.Since(set->draft.version, std::nullopt));
}

TEST_F(DraftBookTest, TheOldestClearingsAreForgottenOnceTheyAreOnDisk) {
  std::uint64_t first_cleared = 0;
  for (std::size_t i = 0; i <= limits::kClearedDrafts; ++i) {
    const std::string conversation = "c" + std::to_string(i);
    const std::uint64_t cleared = Set(conversation, "", Set(conversation, "x", 0));
    if (i == 0) first_cleared = cleared;
  }
  std::vector<Draft> saved = book_.TakeUnsaved();
  std::erase_if(saved, [](const Draft& draft) { return draft.conversation.value() == "c0"; });
  book_.Saved(saved);
  EXPECT_EQ(book_.Get(ConversationId("c0")).version, first_cleared) << "its text may be on disk";
  const std::uint64_t forgotten = first_cleared + 2;  // Of c1, which was written and cleared next.
  EXPECT_EQ(book_.Get(ConversationId("c1")).version, 0U);
  EXPECT_NE(book_.Get(ConversationId("c2")).version, 0U);
  // Whoever holds the text of c1 would never be told.
  EXPECT_FALSE(book_.Since(forgotten - 1, std::nullopt));
  EXPECT_TRUE(book_.Since(forgotten, std::nullopt));
}

TEST_F(DraftBookTest, EachChangeIsTakenOnceAndAgainWhenItWasNotSaved) {
  const std::uint64_t first = Set("a", "one", 0);
  const ConversationId a("a");
  EXPECT_TRUE(book_.HasUnsaved());
  const auto taken = book_.TakeUnsaved();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_FALSE(book_.HasUnsaved());
  EXPECT_TRUE(book_.TakeUnsaved().empty());
  EXPECT_EQ(book_.TakeUnsaved(&a).size(), 1U) << "somebody waits for it";
  Set("a", "two", first);
  book_.Saved(taken);
  EXPECT_FALSE(book_.IsSaved(book_.Get(a)));
  const auto second = book_.TakeUnsaved();
  ASSERT_EQ(second.size(), 1U);
  book_.NotSaved(second);
  EXPECT_TRUE(book_.HasUnsaved());
  book_.Saved(book_.TakeUnsaved());
  EXPECT_TRUE(book_.IsSaved(book_.Get(a)));
  EXPECT_TRUE(book_.TakeUnsaved(&a).empty());
}

}  // namespace
}  // namespace hark::account
