// Edits that were given up or refused: what the user can do with them, and what becomes of the rest
// of the message.

#include "tests/contract/store_contract_stopped.h"

#include <gmock/gmock.h>

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoppedEdit, OneThatLeftAndExpiredIsGivenUpByCancelling) {
  Do(ExpireEntries{{first_}});
  ASSERT_TRUE(ActOnIt(CancelMessage{}));
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Shown(), BackendMessage("A", 1));
  // It had arrived after all.
  Hear("first", 2);
  EXPECT_EQ(Shown(), WithContent(BackendMessage("A", 1), "first", 2));
}

TEST_P(StoppedEdit, OneThatExpiredAndHadArrivedIsDone) {
  Do(ExpireEntries{{first_}});
  Hear("first", 2);
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Shown(), WithContent(BackendMessage("A", 1), "first", 2));
}

TEST_P(StoppedEdit, OneThatLeftAndExpiredIsAskedAgainAsItWasWhenItIsRetried) {
  Do(ExpireEntries{{first_}});
  clock().now += std::chrono::hours(1);
  ASSERT_TRUE(ActOnIt(RetryMessage{}));
  EXPECT_EQ(Shown().change->delivery, Delivery::kUnknown);
  EXPECT_EQ(Outbox()[0].submitted_at, clock().now);
  Hear("first", 2);  // No conflict with itself.
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_FALSE(Shown().change);
}

TEST_P(StoppedEdit, OneThatWasOvertakenGoesOnTopWhenItIsRetried) {
  Do(ExpireEntries{{first_}});
  Hear("theirs", 2);
  EXPECT_EQ(Shown().content, "theirs");
  EXPECT_EQ(Shown().change->delivery, Delivery::kExpired);
  ASSERT_TRUE(ActOnIt(RetryMessage{}));
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 2U);
  EXPECT_EQ(Shown().content, "first");
}

TEST_P(StoppedEdit, WhatReplacesOneThatMayHaveArrivedFollowsIt) {
  for (const bool arrived : {true, false}) {
    SCOPED_TRACE(arrived);
    const std::uint64_t revision = Shown().revision;
    if (Outbox().empty()) {
      first_ = Edit("first again");
      Do(MarkSending{{first_}});
      Do(ConnectionLost{});
    }
    Do(ExpireEntries{{first_}});
    const std::uint64_t second = Edit("second");
    EXPECT_EQ(Shown().content, "second");
    ASSERT_THAT(Outbox(), SizeIs(2));
    EXPECT_EQ(Outbox()[0].delivery, Delivery::kUnknown);
    EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 0U);
    if (arrived) {
      Hear(OutgoingOf(0), revision + 1);
    } else {
      Do(MarkSending{{first_}});
      Do(AcknowledgeChange{first_, revision + 1});
    }
    ASSERT_THAT(Outbox(), SizeIs(1));
    EXPECT_EQ(Outbox()[0].base_revision, revision + 1);
    EXPECT_EQ(Outbox()[0].delivery, Delivery::kQueued);
    EXPECT_EQ(OutgoingOf(0), "second");
    Do(MarkSending{{second}});
    Do(AcknowledgeChange{second, revision + 2});
    EXPECT_THAT(Outbox(), IsEmpty());
    EXPECT_EQ(Shown().content, "second");
  }
}

TEST_P(StoppedEdit, TheSameTextAgainIsARetry) {
  Do(ExpireEntries{{first_}});
  EXPECT_EQ(Edit("first"), first_);
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kUnknown);
}

TEST_P(StoppedEdit, WhatReplacesOneThatWasOvertakenIsOnTop) {
  Do(ExpireEntries{{first_}});
  Hear("theirs", 2);
  Edit("second");
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].base_revision, 2U);
}

// Regression: the edit behind it waited for ever for the answer that decides what it changes.
TEST_P(StoppedEdit, OneThatAnotherWaitsBehindExpiresWithThatOne) {
  const std::uint64_t second = Edit("second");
  const WallTime at = Outbox()[1].submitted_at;
  Do(ExpireEntries{{first_}});
  EXPECT_THAT(Deliveries(), ElementsAre(Delivery::kUnknown, Delivery::kQueued));
  EXPECT_EQ(Outbox()[0].submitted_at, at) << "not due again at once";
  Do(ExpireEntries{{first_, second}});
  EXPECT_THAT(Deliveries(), ElementsAre(Delivery::kExpired, Delivery::kExpired));
  EXPECT_EQ(Shown().content, BackendMessage("A", 1).content);
  EXPECT_EQ(Shown().change->content, "second");

  ASSERT_TRUE(ActOnIt(RetryMessage{}));
  EXPECT_THAT(Deliveries(), ElementsAre(Delivery::kUnknown, Delivery::kQueued));
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 0U);
  Do(ExpireEntries{{first_, second}});
  Hear("theirs", 2);
  ASSERT_TRUE(ActOnIt(RetryMessage{}));
  ASSERT_THAT(Outbox(), SizeIs(1)) << "only the last one is wanted";
  EXPECT_EQ(Outbox()[0].base_revision, 2U);
  EXPECT_EQ(OutgoingOf(0), "second");
}

TEST_P(StoppedEdit, BothAreGivenUpByCancelling) {
  const std::uint64_t second = Edit("second");
  Do(ExpireEntries{{first_, second}});
  ASSERT_TRUE(ActOnIt(CancelMessage{}));
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Shown(), BackendMessage("A", 1));
}

TEST_P(StoppedEdit, NothingIsLeftOfItWhenTheMessageIsDeletedHere) {
  Do(ExpireEntries{{first_}});
  ASSERT_TRUE(ActOnIt(DeleteMessage{}));
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].kind, OutboxKind::kDelete);
  Do(AcknowledgeChange{Outbox()[0].position, 3});
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_FALSE(Shown().change);
}

TEST_P(StoppedEdit, NothingIsLeftOfOneThatStopsInFrontOfADeletion) {
  ASSERT_TRUE(ActOnIt(DeleteMessage{}));
  ASSERT_THAT(Outbox(), SizeIs(2));
  Do(ExpireEntries{{first_}});
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].kind, OutboxKind::kDelete);
}

TEST_P(StoppedEdit, NothingIsLeftOfOneThatIsRefusedInFrontOfADeletion) {
  ASSERT_TRUE(ActOnIt(DeleteMessage{}));
  Do(MarkSending{{first_}});
  Do(FailEntry{first_, {"CONFLICT", "No."}});
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].kind, OutboxKind::kDelete);
}

// What the user wrote is not swallowed, and there is nothing to try again.
TEST_P(StoppedEdit, OneThatExpiredIsRefusedOnceTheMessageIsDeletedElsewhere) {
  Do(ExpireEntries{{first_}});
  Do(ApplyMessage{Tombstone(BackendMessage("A", 1, 2))});
  EXPECT_TRUE(Shown().deleted);
  ASSERT_TRUE(Shown().change);
  EXPECT_EQ(Shown().change->delivery, Delivery::kFailed);
  EXPECT_FALSE(Shown().change->failure->can_retry);
  EXPECT_EQ(Shown().change->content, "first");
  ASSERT_TRUE(ActOnIt(CancelMessage{}));
  EXPECT_THAT(Outbox(), IsEmpty());
}

// Regression: retried without its message, it had no revision to change, and never left.
TEST_P(StoppedEdit, TheLastOneTakesTheRevisionWithTheFailure) {
  const std::uint64_t second = Edit("second");
  Do(MarkSending{{first_}});
  Do(FailEntry{first_, {"NOT_FOUND", "No."}});
  ASSERT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Outbox()[0].position, second);
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kFailed);
  EXPECT_EQ(Outbox()[0].base_revision, 1U);
}

TEST_P(StoppedEdit, AnEditThatWaitsForAnExpiredSendGoesWithIt) {
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  Do(ConnectionLost{});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"better"}));
  Do(ExpireEntries{{PositionOf(1), ChangeOf(UuidOf(1)).position}});
  ASSERT_TRUE(Act("A", UuidOf(1), RetryMessage{}));
  EXPECT_EQ(ChangeOf(UuidOf(1)).delivery, Delivery::kQueued);
  Do(ExpireEntries{{PositionOf(1), ChangeOf(UuidOf(1)).position}});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"best"}));
  EXPECT_EQ(ChangeOf(UuidOf(1)).delivery, Delivery::kQueued);
  EXPECT_EQ(reader().ReadMessage(MessageId(UuidOf(1)))->content, "best");
}

}  // namespace
}  // namespace hark::store
