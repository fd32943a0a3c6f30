#include "daemon/store/pending_book.h"

#include <gtest/gtest.h>

namespace hark::store {
namespace {

OutboxEntry Entry(std::uint64_t position, const char* conversation, OutboxKind kind,
                  Delivery delivery = Delivery::kQueued) {
  OutboxEntry entry;
  entry.position = position;
  entry.kind = kind;
  entry.conversation = ConversationId(conversation);
  entry.delivery = delivery;
  return entry;
}

Commit With(OutboxEntry entry) {
  Commit commit;
  commit.outbox.push_back(std::move(entry));
  return commit;
}

class PendingBookTest : public testing::Test {
 protected:
  PendingBookTest() {
    book_.Note(ConversationId("c"), {3, 1});
    book_.Note(ConversationId("other"), {2, 0});
  }

  auto Counts(const char* conversation) { return book_.Find(ConversationId(conversation)); }

  PendingBook book_{10};
};

TEST_F(PendingBookTest, NewSendIsCounted) {
  book_.Follow(With(Entry(11, "c", OutboxKind::kSend)));
  EXPECT_EQ(Counts("c"), (PendingCounts{4, 1}));
  EXPECT_EQ(Counts("other"), (PendingCounts{2, 0}));
  EXPECT_EQ(Counts("unknown"), std::nullopt);
}

TEST_F(PendingBookTest, OneThatChangedMakesItsConversationUnknown) {
  book_.Follow(With(Entry(9, "c", OutboxKind::kSend, Delivery::kFailed)));
  EXPECT_EQ(Counts("c"), std::nullopt);
  EXPECT_EQ(Counts("other"), (PendingCounts{2, 0}));
}

TEST_F(PendingBookTest, OneThatIsGoneMakesAllUnknown) {
  Commit commit;
  commit.outbox_removed.push_back(4);
  book_.Follow(commit);
  EXPECT_EQ(Counts("c"), std::nullopt);
  EXPECT_EQ(Counts("other"), std::nullopt);
}

TEST_F(PendingBookTest, WhatIsNoSendDoesNotCount) {
  book_.Follow(With(Entry(11, "c", OutboxKind::kMarkRead)));
  book_.Follow(With(Entry(12, "c", OutboxKind::kEdit)));
  EXPECT_EQ(Counts("c"), (PendingCounts{3, 1}));
  // And a send behind them is still a new one.
  book_.Follow(With(Entry(13, "c", OutboxKind::kSend)));
  EXPECT_EQ(Counts("c"), (PendingCounts{4, 1}));
}

TEST_F(PendingBookTest, HoldsNoMoreThanSoManyConversations) {
  for (int i = 0; i < 10'000; ++i) book_.Note(ConversationId(std::to_string(i)), {1, 0});
  EXPECT_EQ(Counts("0"), std::nullopt);
  EXPECT_EQ(Counts("9999"), (PendingCounts{1, 0}));
}

}  // namespace
}  // namespace hark::store
