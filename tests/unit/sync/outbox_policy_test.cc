#include "daemon/sync/outbox_policy.h"

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

const Clock::Instant kNow{};

OutboxEntry Send(std::uint64_t position, const char* conversation) {
  OutboxEntry entry;
  entry.position = position;
  entry.conversation = ConversationId(conversation);
  entry.message = MessageId("m" + std::to_string(position));
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

TEST(OutboxPolicy, OneConversationSendsOneAtATimeInOrder) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a"), Send(3, "b")});
  EXPECT_EQ(policy.Take(10, kNow)->position, 1U);
  EXPECT_EQ(policy.Take(11, kNow)->position, 3U) << "another conversation goes beside it";
  EXPECT_FALSE(policy.Take(12, kNow));
  policy.Done(10);
  EXPECT_EQ(policy.Take(12, kNow)->position, 2U);
}

TEST(OutboxPolicy, ARefusedSendParksItsConversationOnly) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a"), Send(3, "b")});
  (void)policy.Take(10, kNow);
  policy.Park(10);
  EXPECT_EQ(policy.Take(11, kNow)->position, 3U);
  EXPECT_FALSE(policy.HasReady(kNow));
  EXPECT_EQ(policy.size(), 3U);
}

TEST(OutboxPolicy, AFailedSendFoundAtStartParksItsConversation) {
  OutboxPolicy policy(1);
  OutboxEntry failed = Send(1, "a");
  failed.delivery = Delivery::kFailed;
  policy.Add({failed, Send(2, "a")});
  EXPECT_FALSE(policy.HasReady(kNow));
}

TEST(OutboxPolicy, APostponedSendWaitsAndKeepsItsPlace) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a")});
  (void)policy.Take(10, kNow);
  policy.Postpone(10, std::chrono::milliseconds(5'000), kNow);
  EXPECT_FALSE(policy.HasReady(kNow + std::chrono::milliseconds(4'999)));
  ASSERT_TRUE(policy.NextReady());
  EXPECT_GE(*policy.NextReady(), kNow + std::chrono::milliseconds(5'000));
  EXPECT_EQ(policy.Take(11, *policy.NextReady())->position, 1U);
}

TEST(OutboxPolicy, WhatWasUnderWayIsReadyAgainAfterTheConnection) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a")});
  (void)policy.Take(10, kNow);
  EXPECT_TRUE(policy.ConnectionLost());
  EXPECT_FALSE(policy.Find(10)) << "an answer of the old connection means nothing";
  EXPECT_EQ(policy.Take(11, kNow)->position, 1U);
}

TEST(OutboxPolicy, AnEchoIsAsGoodAsAnAcknowledgement) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a")});
  (void)policy.Take(10, kNow);
  policy.DoneByEcho(MessageId("m1"));
  EXPECT_FALSE(policy.Find(10));
  EXPECT_EQ(policy.Take(11, kNow)->position, 2U);
  EXPECT_EQ(policy.size(), 1U);
}

TEST(OutboxPolicy, TheEchoOfAFailedSendFreesItsConversation) {
  OutboxPolicy policy(1);
  policy.Add({Send(1, "a"), Send(2, "a")});
  (void)policy.Take(10, kNow);
  policy.Park(10);
  policy.DoneByEcho(MessageId("m1"));
  EXPECT_EQ(policy.Take(11, kNow)->position, 2U);
}

TEST(OutboxPolicy, ANewerReadMarkerReplacesTheWaitingOne) {
  OutboxPolicy policy(1);
  policy.Add({Read(1, "a", 5), Read(2, "a", 9)});
  EXPECT_EQ(policy.size(), 1U);
  EXPECT_EQ(policy.Take(10, kNow)->read_sequence, 9U);
  // One that is under way is not changed behind its back.
  policy.Add({Read(3, "a", 12)});
  policy.Done(10);
  EXPECT_EQ(policy.Take(11, kNow)->read_sequence, 12U);
}

TEST(OutboxPolicy, ABoundedNumberIsUnderWay) {
  OutboxPolicy policy(1);
  for (std::uint64_t i = 1; i <= 100; ++i) policy.Add({Send(i, std::to_string(i).c_str())});
  transport::RequestId request = 0;
  while (policy.Take(++request, kNow)) {
  }
  EXPECT_EQ(policy.in_flight(), limits::kSendsInFlight);
}

}  // namespace
}  // namespace hark::sync
