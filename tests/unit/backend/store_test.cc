// The store: archive and working memory together, and what its writes promise.
#include <gtest/gtest.h>

#include "tests/unit/backend/support.h"

namespace hark::backend {
namespace {

using Anchor = HistoryQuery::Anchor;

class StoreTest : public testing::Test {
 protected:
  HistoryPage Read(Anchor anchor, std::uint64_t sequence, std::uint32_t size) {
    auto page = backend_.store->ReadHistory(backend_.user, {"c", anchor, "", sequence, size});
    EXPECT_TRUE(page);
    return *page;
  }

  BackendFixture backend_;
};

TEST_F(StoreTest, PageGoesOverTheBoundaryOfWorkingMemoryAndArchive) {
  backend_.AppendMany(10);
  backend_.clock.Advance(std::chrono::hours(25));
  backend_.store->Sweep();
  EXPECT_EQ(backend_.store->memory().Count(), 0U);
  backend_.AppendMany(5);
  EXPECT_EQ(backend_.store->memory().Count(), 5U);
  const auto page = Read(Anchor::kNewest, 0, 8);
  ASSERT_EQ(page.messages.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(page.messages[i].sequence(), 8 + i);
    EXPECT_EQ(page.messages[i].id(), "m" + std::to_string(8 + i));
  }
  EXPECT_EQ(page.from_sequence, 8U);
  EXPECT_EQ(page.to_sequence, 15U);
  EXPECT_TRUE(page.has_more);
}

TEST_F(StoreTest, WorkingMemoryIsRebuiltFromTheLastDay) {
  backend_.AppendMany(3);
  backend_.clock.Advance(std::chrono::hours(20));
  backend_.AppendMany(2);
  backend_.clock.Advance(std::chrono::hours(10));
  backend_.Reopen();
  EXPECT_EQ(backend_.store->memory().Count(), 2U);
  EXPECT_EQ(Read(Anchor::kNewest, 0, 200).messages.size(), 5U);
}

TEST_F(StoreTest, ClockThatGoesBackLeavesNoHoleInTheWorkingMemory) {
  backend_.AppendMany(2);
  backend_.clock.Advance(std::chrono::hours(-10));
  backend_.AppendMany(2);
  backend_.clock.Advance(std::chrono::hours(30));
  backend_.store->Sweep();
  EXPECT_EQ(backend_.store->memory().Count(), 4U);
  EXPECT_EQ(Read(Anchor::kNewest, 0, 200).messages.size(), 4U);
}

TEST_F(StoreTest, FullWorkingMemoryLosesNothing) {
  BackendFixture backend;
  auto memory = std::move(*WorkingMemory::Open(backend.dir / "small", 256 * 1024));
  backend.store.reset();
  backend.store =
      std::move(*TieredStore::Open(backend.OpenArchive(), std::move(memory), backend.clock));
  for (int i = 0; i < 40; ++i) {
    const Message message = MakeMessage("m" + std::to_string(i), std::string(20'000, 'x'));
    ASSERT_TRUE(backend.store->Append(backend.user, message));
  }
  const auto page = backend.store->ReadHistory(backend.user, {"c", Anchor::kNewest, "", 0, 200});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->messages.size(), 40U);
}

TEST_F(StoreTest, AnchorsNameTheirRange) {
  backend_.AppendMany(10);
  auto page = Read(Anchor::kBeforeSequence, 4, 2);
  EXPECT_EQ(page.from_sequence, 2U);
  EXPECT_EQ(page.to_sequence, 3U);
  EXPECT_TRUE(page.has_more);
  page = Read(Anchor::kBeforeSequence, 3, 2);
  EXPECT_FALSE(page.has_more);
  page = Read(Anchor::kBeforeSequence, 1, 2);
  EXPECT_EQ(page.from_sequence + page.to_sequence, 0U);
  EXPECT_FALSE(page.has_more);
  page = Read(Anchor::kAfterSequence, 7, 2);
  EXPECT_EQ(page.from_sequence, 8U);
  EXPECT_EQ(page.to_sequence, 9U);
  EXPECT_TRUE(page.has_more);
  page = Read(Anchor::kAfterSequence, ~std::uint64_t{0}, 2);
  EXPECT_EQ(page.to_sequence, 0U);
  page = Read(Anchor::kBeforeSequence, ~std::uint64_t{0}, 2);
  EXPECT_EQ(page.to_sequence, 10U);
  const auto before =
      backend_.store->ReadHistory(backend_.user, {"c", Anchor::kBeforeMessage, "m5", 0, 2});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->to_sequence, 4U);
  const auto unknown =
      backend_.store->ReadHistory(backend_.user, {"c", Anchor::kBeforeMessage, "nothing", 0, 2});
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, RepeatedAppendAfterAnEditAnswersTheFirstRevision) {
  backend_.AppendMany(1);
  ASSERT_TRUE(backend_.store->Edit(backend_.user, {"c", "m1", 1, "new", backend_.clock.Now()}));
  const auto again = backend_.store->Append(backend_.user, MakeMessage("m1", "text of m1"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->revision, 1U);
  EXPECT_FALSE(again->changed);
  const auto other = backend_.store->Append(backend_.user, MakeMessage("m1", "new"));
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(StoreTest, EditNeedsThePresentRevisionAndMayBeRepeated) {
  backend_.AppendMany(1);
  const EditRequest edit{"c", "m1", 1, "new", backend_.clock.Now()};
  EXPECT_TRUE(backend_.store->Edit(backend_.user, edit)->changed);
  const auto again = backend_.store->Edit(backend_.user, edit);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(again->revision, 2U);
  const auto late =
      backend_.store->Edit(backend_.user, {"c", "m1", 1, "late", backend_.clock.Now()});
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(Read(Anchor::kNewest, 0, 1).messages[0].content(), "new");
}

TEST_F(StoreTest, ChangeOfAStateThatWasForgottenIsAcceptedAboveIt) {
  backend_.AppendMany(2);
  const auto edited =
      backend_.store->Edit(backend_.user, {"c", "m1", 7, "new", backend_.clock.Now()});
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ(edited->revision, 8U);
  EXPECT_EQ(backend_.store->Delete(backend_.user, {"c", "m1", 7}).error().code,
            ErrorCode::kConflict);
  const auto deleted = backend_.store->Delete(backend_.user, {"c", "m2", 7});
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->revision, 8U);
}

TEST_F(StoreTest, DeleteLeavesATombstoneAndTheCountsFollow) {
  backend_.AppendMany(3);
  ASSERT_TRUE(backend_.store->Delete(backend_.user, {"c", "m3", 1}));
  const auto again = backend_.store->Delete(backend_.user, {"c", "m3", 1});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->revision, 2U);
  const auto page = Read(Anchor::kNewest, 0, 10);
  ASSERT_EQ(page.messages.size(), 3U);
  EXPECT_TRUE(page.messages[2].deleted());
  EXPECT_TRUE(page.messages[2].content().empty());
  EXPECT_EQ(page.total_count, 2U);
  const auto conversation = *backend_.store->GetConversation(backend_.user, "c");
  EXPECT_EQ(conversation.preview(), "text of m2");
  EXPECT_EQ(conversation.last_sequence(), 3U);
  const auto edit =
      backend_.store->Edit(backend_.user, {"c", "m3", 2, "back", backend_.clock.Now()});
  EXPECT_EQ(edit.error().code, ErrorCode::kConflict);
}

TEST_F(StoreTest, ReadMarkerOnlyGoesForwardAndAtMostToTheEnd) {
  Message message = MakeMessage("a", "from the assistant");
  message.set_role(wire::ROLE_ASSISTANT);
  ASSERT_TRUE(backend_.store->Append(backend_.user, message));
  EXPECT_EQ(backend_.store->GetConversation(backend_.user, "c")->unread_count(), 1U);
  EXPECT_TRUE(*backend_.store->MarkRead(backend_.user, "c", 99));
  EXPECT_FALSE(*backend_.store->MarkRead(backend_.user, "c", 0));
  const auto conversation = *backend_.store->GetConversation(backend_.user, "c");
  EXPECT_EQ(conversation.read_sequence(), 1U);
  EXPECT_EQ(conversation.unread_count(), 0U);
}

TEST_F(StoreTest, UsersDoNotSeeEachOther) {
  backend_.AppendMany(1);
  EXPECT_EQ(backend_.store->GetConversation("somebody", "c").error().code, ErrorCode::kNotFound);
  EXPECT_NE(backend_.store->GetLog("somebody")->epoch,
            backend_.store->GetLog(backend_.user)->epoch);
}

TEST_F(StoreTest, PositionsAreDense) {
  const auto before = backend_.Head();
  backend_.AppendMany(3);
  ASSERT_TRUE(backend_.store->Delete(backend_.user, {"c", "m1", 0}));
  const auto entries = *backend_.store->ReadLog(backend_.user, before, 100);
  ASSERT_EQ(entries.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(entries[i].position, before + 1 + i);
  EXPECT_EQ(entries[3].sequence, 1U);
}

}  // namespace
}  // namespace hark::backend
