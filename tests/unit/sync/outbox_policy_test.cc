#include "daemon/sync/outbox_policy.h"

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

using std::chrono::milliseconds;

const Clock::Instant kNow{};
const WallTime kWall{std::chrono::hours(24 * 365 * 50)};

OutboxEntry Send(std::uint64_t position, const char* conversation) {
  OutboxEntry entry;
  entry.position = position;
  entry.conversation = ConversationId(conversation);
  entry.message = MessageId("m" + std::to_string(position));
  entry.submitted_at = kWall;
  return entry;
}

OutboxEntry Failed(OutboxEntry entry) {
  entry.delivery = Delivery::kFailed;
  return entry;
}

OutboxEntry Read(std::uint64_t position, const char* conversation, Sequence up_to) {
  OutboxEntry entry;
  entry.position = position;
  entry.kind = OutboxKind::kMarkRead;
  entry.conversation = ConversationId(conversation);
  entry.read_sequence = up_to;
  return entry;
}

OutboxEntry Edit(std::uint64_t position, const char* message, std::uint64_t base) {
  OutboxEntry entry = Send(position, "a");
  entry.kind = OutboxKind::kEdit;
  entry.message = MessageId(message);
  entry.base_revision = base;
  return entry;
}

OutboxEntry Delete(std::uint64_t position, const char* message) {
  OutboxEntry entry = Edit(position, message, 0);
  entry.kind = OutboxKind::kDelete;
  return entry;
}

class OutboxPolicyTest : public testing::Test {
 protected:
  // The position of what leaves next; 0: nothing.
  std::uint64_t Take(transport::RequestId request) {
    const auto taken = policy_.Take(request);
    return taken ? taken->entry.position : 0;
  }

  // The machine was answered and the store has recorded it.
  void Acknowledge(transport::RequestId request) {
    const auto entry = policy_.Answered(request);
    ASSERT_TRUE(entry);
    policy_.Done(entry->position);
  }

  OutboxPolicy policy_{1, limits::kOutboxAge};
};

TEST_F(OutboxPolicyTest, OneConversationSendsOneAtATimeInOrder) {
  policy_.Load({Send(1, "a"), Send(2, "a"), Send(3, "b")});
  EXPECT_EQ(Take(10), 1U);
  EXPECT_EQ(Take(11), 3U) << "another conversation goes beside it";
  EXPECT_EQ(Take(12), 0U);
  Acknowledge(10);
  EXPECT_EQ(Take(12), 2U) << "without waiting for the store";
}

TEST_F(OutboxPolicyTest, AFailedSendParksItsConversationOnly) {
  policy_.Load({Failed(Send(1, "a")), Send(2, "a"), Send(3, "b")});
  EXPECT_EQ(Take(10), 3U);
  EXPECT_FALSE(policy_.HasReady());
  EXPECT_EQ(policy_.size(), 3U);
}

// For which a connection is tried at once.
TEST_F(OutboxPolicyTest, WhatIsNewOrRetriedInItsPlaceIsNews) {
  EXPECT_TRUE(policy_.Change({Send(1, "a")}, {}));
  EXPECT_FALSE(policy_.Change({Failed(Send(1, "a"))}, {}));
  EXPECT_TRUE(policy_.Change({Send(1, "a")}, {}));
  EXPECT_FALSE(policy_.Change({Send(1, "a")}, {}));
  EXPECT_FALSE(policy_.Change({}, {1}));
}

TEST_F(OutboxPolicyTest, ASkippedSendAndAnExpiredOneHoldNothingBack) {
  OutboxEntry skipped = Failed(Send(1, "a"));
  skipped.skipped = true;
  OutboxEntry expired = Send(2, "a");
  expired.delivery = Delivery::kExpired;
  policy_.Load({skipped, expired, Send(3, "a")});
  EXPECT_EQ(Take(10), 3U);
}

TEST_F(OutboxPolicyTest, ARefusedSendWaitsForTheStoresWord) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  (void)policy_.Answered(10);
  EXPECT_EQ(Take(11), 0U);
  (void)policy_.Change({Failed(Send(1, "a"))}, {});
  policy_.Release(1);
  EXPECT_EQ(Take(11), 0U) << "parked";
  OutboxEntry again = Send(1, "a");
  (void)policy_.Change({again}, {});
  EXPECT_EQ(Take(11), 1U) << "the user retried";
}

TEST_F(OutboxPolicyTest, WhatTheStoreSaysOfATakenEntryDoesNotMakeItLeaveTwice) {
  policy_.Load({Send(1, "a")});
  (void)Take(10);
  OutboxEntry sending = Send(1, "a");
  sending.delivery = Delivery::kSending;
  (void)policy_.Change({sending}, {});
  EXPECT_FALSE(policy_.HasReady());
  EXPECT_FALSE(policy_.HasOrphans());
  Acknowledge(10);
  (void)policy_.Change({sending}, {});
  EXPECT_FALSE(policy_.HasReady()) << "done, though an older commit is told late";
  (void)policy_.Change({}, {1});
  EXPECT_EQ(policy_.size(), 0U);
}

TEST_F(OutboxPolicyTest, WhatWasStoredAsLeavingNeedsNoMark) {
  OutboxEntry sending = Send(1, "a");
  sending.delivery = Delivery::kSending;
  EXPECT_TRUE(policy_.Change({sending}, {}));
  EXPECT_TRUE(policy_.HasOrphans());
  const auto taken = policy_.Take(10);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->marked);
  EXPECT_FALSE(policy_.HasOrphans());
}

TEST_F(OutboxPolicyTest, AWithdrawnEntryEndsItsRequestWithoutHarm) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  (void)policy_.Change({}, {1});
  EXPECT_FALSE(policy_.Holds(10));
  EXPECT_EQ(policy_.in_flight(), 1U) << "the backend still owes an answer";
  EXPECT_EQ(Take(11), 2U);
  EXPECT_FALSE(policy_.Answered(10));
  EXPECT_EQ(policy_.in_flight(), 1U);
}

TEST_F(OutboxPolicyTest, AChangeWaitsForItsMessagesSend) {
  policy_.Load({Send(1, "a"), Edit(2, "m1", 0), Delete(3, "m1"), Edit(4, "other", 7)});
  EXPECT_EQ(Take(10), 1U);
  EXPECT_EQ(Take(11), 4U) << "of another message";
  EXPECT_EQ(Take(12), 0U);
  Acknowledge(10);
  EXPECT_EQ(Take(12), 0U) << "its revision is not known yet";
  (void)policy_.Change({Edit(2, "m1", 1)}, {1});
  EXPECT_EQ(Take(12), 2U);
  EXPECT_EQ(Take(13), 0U) << "one change of a message at a time";
  Acknowledge(12);
  EXPECT_EQ(Take(13), 3U);
}

TEST_F(OutboxPolicyTest, AChangeOfAFailedSendWaitsToo) {
  policy_.Load({Failed(Send(1, "a")), Delete(2, "m1")});
  EXPECT_FALSE(policy_.HasReady());
  (void)policy_.Change({}, {1});
  EXPECT_EQ(Take(10), 2U);
}

TEST_F(OutboxPolicyTest, AFailedChangeIsNotSentAndHoldsNothingBack) {
  policy_.Load({Failed(Edit(1, "m", 3)), Delete(2, "m")});
  EXPECT_EQ(Take(10), 2U);
}

TEST_F(OutboxPolicyTest, APostponedSendWaitsAndKeepsItsPlace) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  (void)policy_.Answered(10);
  policy_.Postpone(1, milliseconds(5'000), kNow);
  policy_.Release(1);
  policy_.WakePostponed(kNow + milliseconds(4'999));
  EXPECT_FALSE(policy_.HasReady());
  ASSERT_TRUE(policy_.NextReady());
  EXPECT_GE(*policy_.NextReady(), kNow + milliseconds(5'000));
  policy_.WakePostponed(*policy_.NextReady());
  EXPECT_EQ(Take(11), 1U);
}

TEST_F(OutboxPolicyTest, WhatComesAfterAPostponedSendThatWasWithdrawnNeedNotWait) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  (void)policy_.Answered(10);
  policy_.Postpone(1, milliseconds(5'000), kNow);
  policy_.Release(1);
  (void)policy_.Change({}, {1});
  EXPECT_EQ(Take(11), 2U);
}

TEST_F(OutboxPolicyTest, WhatWasUnderWayIsReadyAgainAfterTheConnection) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  policy_.ConnectionLost();
  EXPECT_FALSE(policy_.Answered(10)) << "an answer of the old connection means nothing";
  EXPECT_EQ(Take(11), 1U);
}

TEST_F(OutboxPolicyTest, AnEchoIsAsGoodAsAnAcknowledgement) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)Take(10);
  policy_.DoneByEcho(MessageId("m1"));
  EXPECT_EQ(Take(11), 2U);
  EXPECT_FALSE(policy_.Answered(10));
  EXPECT_EQ(policy_.size(), 1U);
}

TEST_F(OutboxPolicyTest, TheEchoOfAFailedSendFreesItsConversation) {
  policy_.Load({Failed(Send(1, "a")), Send(2, "a")});
  policy_.DoneByEcho(MessageId("m1"));
  EXPECT_EQ(Take(11), 2U);
}

TEST_F(OutboxPolicyTest, AReadMarkerThatMovedWhileItWasUnderWayGoesAgain) {
  policy_.Load({Read(1, "a", 5)});
  (void)policy_.Take(10);
  (void)policy_.Change({Read(1, "a", 9)}, {});
  EXPECT_FALSE(policy_.HasReady());
  EXPECT_EQ(policy_.Answered(10)->read_sequence, 5U);
  policy_.Release(1);
  EXPECT_EQ(policy_.Take(11)->entry.read_sequence, 9U);
}

TEST_F(OutboxPolicyTest, ABoundedNumberIsUnderWay) {
  std::vector<OutboxEntry> entries;
  for (std::uint64_t i = 1; i <= 100; ++i) entries.push_back(Send(i, std::to_string(i).c_str()));
  policy_.Load(entries);
  transport::RequestId request = 0;
  while (Take(++request) != 0) {
  }
  EXPECT_EQ(policy_.in_flight(), limits::kSendsInFlight);
}

TEST_F(OutboxPolicyTest, OldSendsAndEditsExpireAndNothingElse) {
  OutboxEntry unknown = Send(2, "a");
  unknown.delivery = Delivery::kUnknown;
  OutboxEntry later = Send(6, "c");
  later.submitted_at = kWall + milliseconds(1);
  policy_.Load({Send(1, "b"), unknown, Edit(3, "m", 4), Delete(4, "n"), Failed(Send(5, "c")), later,
                Read(7, "a", 3)});
  const WallTime week = kWall + limits::kOutboxAge;
  EXPECT_EQ(policy_.NextExpiry(), week);
  EXPECT_TRUE(policy_.TakeExpired(week - milliseconds(1)).empty());
  EXPECT_EQ(policy_.TakeExpired(week), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(policy_.TakeExpired(week).empty()) << "once";
  EXPECT_EQ(policy_.NextExpiry(), week + milliseconds(1));
  EXPECT_EQ(Take(10), 4U) << "deletions and markers do not expire";
  EXPECT_EQ(Take(11), 7U);
  EXPECT_EQ(Take(12), 0U);
}

TEST_F(OutboxPolicyTest, WhatIsBeingExpiredIsNotSentOverALostConnection) {
  policy_.Load({Send(1, "a"), Send(2, "a")});
  (void)policy_.TakeExpired(kWall + limits::kOutboxAge);
  policy_.ConnectionLost();
  EXPECT_FALSE(policy_.HasReady());
}

}  // namespace
}  // namespace hark::sync
