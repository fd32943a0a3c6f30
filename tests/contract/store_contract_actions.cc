// What a person does with a message that is there already: edit, delete, retry, skip, cancel.

#include <string>

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"
#include "tests/support/store_calls.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const DeliveryFailure kRefused{"REFUSED", "No.", true, {}};

Message Edited(Message message, const std::string& content, std::uint64_t revision) {
  message.content = content;
  message.revision = revision;
  return message;
}

TEST_P(StoreContract, EditOfWhatHasNotLeftRewritesItInPlace) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  ASSERT_TRUE(Send(UserMessage("A", 2, "second")));
  const auto before = Outbox();
  const auto edited = Act("A", UuidOf(1), EditMessage{"better"});
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ(edited->content, "better");
  EXPECT_EQ(edited->delivery, Delivery::kQueued);
  EXPECT_FALSE(edited->change);
  EXPECT_EQ(Outbox(), before);
  EXPECT_EQ(reader().ReadOutgoing(PositionOf(1))->message.content, "better");
  // The call that made it may still be repeated, also when it has arrived.
  EXPECT_EQ(Send(UserMessage("A", 1, "hello"))->content, "better");
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "", 1, 1});
  EXPECT_EQ(Send(UserMessage("A", 1, "hello"))->content, "better");
}

TEST_P(StoreContract, EditOfAFailedSendQueuesItAgain) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "too much")));
  const std::uint64_t position = PositionOf(1);
  Do(MarkSending{{position}});
  Do(FailEntry{position, kRefused});
  const auto edited = Act("A", UuidOf(1), EditMessage{"less"});
  ASSERT_TRUE(edited);
  EXPECT_EQ(edited->delivery, Delivery::kQueued);
  EXPECT_EQ(edited->content, "less");
  EXPECT_FALSE(edited->failure);
  EXPECT_EQ(PositionOf(1), position);
}

TEST_P(StoreContract, EditOfWhatMayHaveLeftWaitsForItsAcknowledgement) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"better"}));
  const auto shown = Act("A", UuidOf(1), EditMessage{"best"});
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->content, "best");
  EXPECT_EQ(shown->delivery, Delivery::kSending);
  ASSERT_TRUE(shown->change);
  EXPECT_EQ(shown->change->kind, PendingChange::Kind::kEdit);
  EXPECT_EQ(reader().ReadOutgoing(PositionOf(1))->message.content, "hello");
  EXPECT_THAT(Outbox(), SizeIs(2));
  EXPECT_EQ(ChangeOf(UuidOf(1)).base_revision, 0U);

  Do(AcknowledgeSend{MessageId(UuidOf(1)), "", 1, 1});
  const OutboxEntry edit = ChangeOf(UuidOf(1));
  EXPECT_EQ(edit.base_revision, 1U);
  EXPECT_EQ(Page("A").messages[0].content, "best");
  EXPECT_EQ(reader().ReadOutgoing(edit.position)->message.content, "best");
  Do(AcknowledgeChange{edit.position, 2});
  EXPECT_THAT(Outbox(), IsEmpty());
  const Message done = Page("A").messages[0];
  EXPECT_EQ(done.content, "best");
  EXPECT_EQ(done.revision, 2U);
  EXPECT_FALSE(done.change);
}

// After a loss of power the cache may have forgotten that the send was acknowledged, and the edit
// behind it has left.
TEST_P(StoreContract, EditOfASendBehindWhichAnEditMayHaveLeftDoesNotRewriteThatOne) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"better"}));
  const OutboxEntry first = ChangeOf(UuidOf(1));
  Do(MarkSending{{first.position}});
  store().Reopen();
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"best"}));
  EXPECT_THAT(Outbox(), SizeIs(3));
  EXPECT_EQ(reader().ReadOutgoing(first.position)->message.content, "better");
  EXPECT_EQ(Page("A").messages[0].content, "best");
}

TEST_P(StoreContract, EditOfASentMessageIsShownAtOnceEverywhereAndSurvivesARestart) {
  Do(HistoryOf("A", 1, 3));
  TakeCommits();
  ASSERT_TRUE(Act("A", IdOf("A", 3), EditMessage{"edited"}));
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  ASSERT_THAT(commits[0]->messages, SizeIs(1));
  EXPECT_EQ(commits[0]->messages[0].content, "edited");
  EXPECT_THAT(commits[0]->outbox, SizeIs(1));
  store().Reopen();
  EXPECT_EQ(Page("A").messages[2].content, "edited");
  EXPECT_EQ(Get("A").preview, "edited");
  EXPECT_EQ(reader().ReadMessage(MessageId(IdOf("A", 3)))->change->delivery, Delivery::kQueued);
  EXPECT_EQ(ChangeOf(IdOf("A", 3)).base_revision, 1U);
}

TEST_P(StoreContract, RepeatedEditIsOneEntryAndALaterOneReplacesIt) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"one"}));
  TakeCommits();
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"one"}));
  EXPECT_THAT(TakeCommits(), IsEmpty());
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"two"}));
  EXPECT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(Page("A").messages[0].content, "two");
}

TEST_P(StoreContract, EditBehindOneUnderWayWaitsForItsRevision) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"one"}));
  const OutboxEntry first = ChangeOf(IdOf("A", 1));
  Do(MarkSending{{first.position}});
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"two"}));
  EXPECT_THAT(Outbox(), SizeIs(2));
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 0U);
  Do(AcknowledgeChange{first.position, 2});
  EXPECT_THAT(Outbox(), SizeIs(1));
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 2U);
  EXPECT_EQ(Page("A").messages[0].content, "two");
}

// The message moved on after the first edit, before its acknowledgement was there.
TEST_P(StoreContract, EditBehindOneThatWasOvertakenIsOvertakenToo) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"one"}));
  const OutboxEntry first = ChangeOf(IdOf("A", 1));
  Do(MarkSending{{first.position}});
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"two"}));
  Do(ApplyMessage{Edited(BackendMessage("A", 1), "theirs", 3)});
  Do(AcknowledgeChange{first.position, 2});
  EXPECT_EQ(Page("A").messages[0].content, "theirs");
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).delivery, Delivery::kFailed);
  EXPECT_EQ(Page("A").messages[0].change->content, "two");
}

// The send arrived, and was edited elsewhere before anything of it was heard here.
TEST_P(StoreContract, EditThatWaitsForASendIsOvertakenByAnotherOfIt) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  Do(ConnectionLost{});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"mine"}));
  Message echo = UserMessage("A", 1, "theirs");
  echo.sequence = 1;
  echo.revision = 2;
  Do(ApplyMessage{echo});
  EXPECT_EQ(Page("A").messages[0].content, "theirs");
  EXPECT_EQ(ChangeOf(UuidOf(1)).delivery, Delivery::kFailed);
  EXPECT_EQ(Page("A").messages[0].change->content, "mine");
}

TEST_P(StoreContract, EditThatWaitsForASendLeavesWhenItsEchoIsThere) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"mine"}));
  Message echo = UserMessage("A", 1, "hello");
  echo.sequence = 1;
  echo.revision = 1;
  Do(ApplyMessage{echo});
  EXPECT_EQ(ChangeOf(UuidOf(1)).base_revision, 1U);
  EXPECT_EQ(ChangeOf(UuidOf(1)).delivery, Delivery::kQueued);
  EXPECT_EQ(Page("A").messages[0].content, "mine");
}

TEST_P(StoreContract, EditThatWasOvertakenYieldsAndIsReportedWithItsText) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"mine"}));
  Do(ApplyMessage{Edited(BackendMessage("A", 1), "theirs", 2)});
  const Message shown = Page("A").messages[0];
  EXPECT_EQ(shown.content, "theirs");
  ASSERT_TRUE(shown.change);
  EXPECT_EQ(shown.change->delivery, Delivery::kFailed);
  EXPECT_EQ(shown.change->failure->reason, "CONFLICT");
  EXPECT_EQ(shown.change->content, "mine");

  // Retried, it goes on top of theirs.
  ASSERT_TRUE(Act("A", IdOf("A", 1), RetryMessage{}));
  EXPECT_EQ(Page("A").messages[0].content, "mine");
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).base_revision, 2U);
  EXPECT_EQ(ChangeOf(IdOf("A", 1)).delivery, Delivery::kQueued);
}

TEST_P(StoreContract, LostEditIsGivenUpByCancelling) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"mine"}));
  Do(FailEntry{ChangeOf(IdOf("A", 1)).position, {"CONFLICT", "No."}});
  EXPECT_EQ(Page("A").messages[0].content, BackendMessage("A", 1).content);
  ASSERT_TRUE(Act("A", IdOf("A", 1), CancelMessage{}));
  EXPECT_THAT(Page("A").messages, ElementsAre(BackendMessage("A", 1)));
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, ChangeBehindAnotherIsAllThatIsShownOfThem) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"mine"}));
  const std::uint64_t first = ChangeOf(IdOf("A", 1)).position;
  Do(MarkSending{{first}});
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"better"}));
  TakeCommits();
  // How the first one is doing is news to the engine only.
  Do(ConnectionLost{});
  Do(MarkSending{{first}});
  Do(RequeueEntry{first});
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(3));
  for (const auto& commit : commits) {
    EXPECT_THAT(commit->messages, IsEmpty());
    ASSERT_THAT(commit->outbox, SizeIs(1));
    EXPECT_EQ(commit->outbox[0].position, first);
  }
}

TEST_P(StoreContract, EchoOfAnEditUnderWayIsItsAcknowledgement) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"mine"}));
  const std::uint64_t position = ChangeOf(IdOf("A", 1)).position;
  Do(MarkSending{{position}});
  Do(ApplyMessage{Edited(BackendMessage("A", 1), "mine", 2)});
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_THAT(Page("A").messages, ElementsAre(Edited(BackendMessage("A", 1), "mine", 2)));
  TakeCommits();
  Do(AcknowledgeChange{position, 2});
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, DeletedMessageIsATombstoneAtOnceAndComesBackIfRefused) {
  Do(HistoryOf("A", 1, 2));
  const auto gone = Act("A", IdOf("A", 2), DeleteMessage{});
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->deleted);
  EXPECT_EQ(gone->content, "");
  EXPECT_EQ(Act("A", IdOf("A", 2), EditMessage{"x"}).error().code, ErrorCode::kPrecondition);
  ASSERT_TRUE(Act("A", IdOf("A", 2), DeleteMessage{}));
  EXPECT_THAT(Outbox(), SizeIs(1));

  Do(FailEntry{ChangeOf(IdOf("A", 2)).position, kRefused});
  const Message back = Page("A").messages[1];
  EXPECT_FALSE(back.deleted);
  EXPECT_EQ(back.content, BackendMessage("A", 2).content);
  EXPECT_EQ(back.change->kind, PendingChange::Kind::kDelete);
  EXPECT_EQ(back.change->failure, kRefused);
}

TEST_P(StoreContract, AcknowledgedDeletionIsATombstone) {
  Do(HistoryOf("A", 1, 2));
  ASSERT_TRUE(Act("A", IdOf("A", 2), DeleteMessage{}));
  Do(AcknowledgeChange{ChangeOf(IdOf("A", 2)).position, 2});
  const Message gone = Page("A").messages[1];
  EXPECT_TRUE(gone.deleted);
  EXPECT_EQ(gone.revision, 2U);
  EXPECT_FALSE(gone.change);
  EXPECT_EQ(Get("A").message_count, 1U);
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, CancelledSendThatNeverLeftIsGone) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  TakeCommits();
  const auto cancelled = Act("A", UuidOf(1), CancelMessage{});
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->delivery, Delivery::kCancelled);
  EXPECT_EQ(cancelled->content, "hello");
  EXPECT_THAT(Page("A").messages, IsEmpty());
  EXPECT_THAT(Outbox(), IsEmpty());
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  EXPECT_THAT(commits[0]->removed,
              ElementsAre(RemovedMessage{ConversationId("A"), MessageId(UuidOf(1))}));
  // Repeated, and sent again under the same id.
  EXPECT_EQ(Act("A", UuidOf(1), CancelMessage{})->delivery, Delivery::kCancelled);
  EXPECT_EQ(Send(UserMessage("A", 1, "hello")).error().code, ErrorCode::kConflict);
}

TEST_P(StoreContract, CancelledSendUnderWayIsDeletedAtTheBackend) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), CancelMessage{}));
  EXPECT_THAT(Page("A").messages, IsEmpty());
  const OutboxEntry deletion = ChangeOf(UuidOf(1));
  EXPECT_EQ(deletion.kind, OutboxKind::kDelete);
  // The send won the race: its echo is shown deleted, the acknowledgement brings nothing back.
  Message echo = UserMessage("A", 1, "hello");
  echo.sequence = 1;
  echo.revision = 1;
  Do(AcknowledgeSend{echo.id, "", 1, 1});
  EXPECT_THAT(Page("A").messages, IsEmpty());
  Do(ApplyMessage{echo});
  EXPECT_TRUE(Page("A").messages[0].deleted);
  EXPECT_THAT(Outbox(), SizeIs(1));
  Do(AcknowledgeChange{deletion.position, 2});
  EXPECT_TRUE(Page("A").messages[0].deleted);
  EXPECT_FALSE(Page("A").messages[0].change);
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, RepeatedCancelOfASendThatArrivedKeepsItsDeletion) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), CancelMessage{}));
  Message echo = UserMessage("A", 1, "hello");
  echo.sequence = 1;
  echo.revision = 1;
  Do(ApplyMessage{echo});
  ASSERT_TRUE(Act("A", UuidOf(1), CancelMessage{}));
  EXPECT_TRUE(Page("A").messages[0].deleted);
  EXPECT_EQ(ChangeOf(UuidOf(1)).kind, OutboxKind::kDelete);
}

TEST_P(StoreContract, DeletionOfACancelledSendThatTheBackendRefusesCanBeGivenUp) {
  for (const int number : {1, 2}) {
    const bool arrives = number == 2;
    SCOPED_TRACE(arrives);
    Do(SummaryOf("A", 0));
    ASSERT_TRUE(Send(UserMessage("A", number, "hello")));
    Do(MarkSending{{PositionOf(number)}});
    ASSERT_TRUE(Act("A", UuidOf(number), CancelMessage{}));
    Message echo = UserMessage("A", number, "hello");
    echo.sequence = 1;
    echo.revision = 1;
    if (arrives) Do(ApplyMessage{echo});
    Do(FailEntry{ChangeOf(UuidOf(number)).position, {"UNSUPPORTED", "No."}});
    ASSERT_THAT(Outbox(), SizeIs(1));
    ASSERT_TRUE(Act("A", UuidOf(number), CancelMessage{}));
    EXPECT_THAT(Outbox(), IsEmpty());
    if (!arrives) continue;
    EXPECT_EQ(Page("A").messages[0].content, "hello");
    Do(ApplyMessage{echo});
    EXPECT_THAT(Outbox(), IsEmpty()) << "it is given up for good";
  }
}

TEST_P(StoreContract, CancelledSendThatShowsUpLaterIsDeletedThen) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), CancelMessage{}));
  Do(NothingToDelete{ChangeOf(UuidOf(1)).position});
  EXPECT_THAT(Outbox(), IsEmpty());
  store().Reopen();
  Message echo = UserMessage("A", 1, "hello");
  echo.sequence = 1;
  echo.revision = 1;
  Do(ApplyMessage{echo});
  EXPECT_EQ(ChangeOf(UuidOf(1)).kind, OutboxKind::kDelete);
  EXPECT_TRUE(Page("A").messages[0].deleted);
}

TEST_P(StoreContract, WhatTheBackendForgotIsDeletedHereAllTheSame) {
  Do(HistoryOf("A", 1, 2));
  ASSERT_TRUE(Act("A", IdOf("A", 1), DeleteMessage{}));
  Do(MarkSending{{ChangeOf(IdOf("A", 1)).position}});
  Do(NothingToDelete{ChangeOf(IdOf("A", 1)).position});
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_TRUE(Page("A").messages[0].deleted);
  EXPECT_FALSE(Page("A").messages[0].change);
  EXPECT_EQ(Page("A").messages[0].content, "");
  EXPECT_EQ(Page("A").total_count, 1U);
  EXPECT_EQ(Get("A").message_count, 1U);
}

TEST_P(StoreContract, CancellingWhatIsSentIsRefused) {
  Do(HistoryOf("A", 1, 1));
  EXPECT_EQ(Act("A", IdOf("A", 1), CancelMessage{}).error().code, ErrorCode::kPrecondition);
  ASSERT_TRUE(Act("A", IdOf("A", 1), EditMessage{"x"}));
  Do(MarkSending{{ChangeOf(IdOf("A", 1)).position}});
  EXPECT_EQ(Act("A", IdOf("A", 1), CancelMessage{}).error().code, ErrorCode::kPrecondition);
}

TEST_P(StoreContract, RefusedSendTakesTheEditThatWaitedForIt) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"better"}));
  Do(FailEntry{PositionOf(1), kRefused});
  EXPECT_THAT(Outbox(), SizeIs(1));
  const Message shown = Page("A").messages[0];
  EXPECT_EQ(shown.content, "better");
  EXPECT_EQ(shown.delivery, Delivery::kFailed);
  EXPECT_FALSE(shown.change);
}

TEST_P(StoreContract, RetriedSendKeepsItsPlaceUnlessItWasSkipped) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(Send(UserMessage("A", i, "hello")));
  const std::uint64_t position = PositionOf(1);
  Do(FailEntry{position, kRefused});
  ASSERT_TRUE(Act("A", UuidOf(1), RetryMessage{}));
  EXPECT_EQ(PositionOf(1), position);
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kQueued);

  Do(FailEntry{position, kRefused});
  ASSERT_TRUE(Act("A", UuidOf(1), SkipMessage{}));
  EXPECT_TRUE(Outbox()[0].skipped);
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kFailed);
  ASSERT_TRUE(Act("A", UuidOf(1), RetryMessage{}));
  EXPECT_GT(PositionOf(1), PositionOf(2));
  EXPECT_FALSE(Outbox()[1].skipped);
  EXPECT_EQ(Page("A").messages[1].id.value(), UuidOf(1));
}

TEST_P(StoreContract, ExpiredSendIsKeptAndGoesToTheEndWhenRetried) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(Send(UserMessage("A", i, "hello")));
  Do(ExpireEntries{{PositionOf(1)}});
  EXPECT_EQ(Page("A").messages[0].delivery, Delivery::kExpired);
  EXPECT_EQ(Page("A").messages[0].content, "hello");
  EXPECT_EQ(Get("A").failed_count, 1U);
  store().Reopen();
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kExpired);
  clock().now += std::chrono::hours(1);
  ASSERT_TRUE(Act("A", UuidOf(1), RetryMessage{}));
  EXPECT_EQ(Outbox()[1].message.value(), UuidOf(1));
  EXPECT_EQ(Outbox()[1].delivery, Delivery::kQueued);
  EXPECT_EQ(Outbox()[1].submitted_at, clock().now);
  EXPECT_EQ(Get("A").failed_count, 0U);
}

TEST_P(StoreContract, RetryAllCountsWhatIsQueuedAgain) {
  Do(SummaryOf("A", 0));
  Do(HistoryOf("B", 1, 1));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(Send(UserMessage("A", i, "hello")));
  ASSERT_TRUE(Act("B", IdOf("B", 1), EditMessage{"x"}));
  Do(FailEntry{PositionOf(1), kRefused});
  Do(ExpireEntries{{PositionOf(3)}});
  Do(FailEntry{ChangeOf(IdOf("B", 1)).position, kRefused});
  EXPECT_EQ(RetryAllNow(writer(), ConversationId("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*RetryAllNow(writer(), ConversationId("A")), 2U);
  EXPECT_EQ(*RetryAllNow(writer(), std::nullopt), 1U);
  for (const OutboxEntry& entry : Outbox()) EXPECT_EQ(entry.delivery, Delivery::kQueued);
}

TEST_P(StoreContract, ActionsOnUnknownMessagesAreNotFound) {
  Do(HistoryOf("A", 1, 1));
  Do(HistoryOf("B", 1, 1));
  EXPECT_EQ(Act("A", "none", EditMessage{"x"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Act("none", IdOf("A", 1), EditMessage{"x"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Act("B", IdOf("A", 1), DeleteMessage{}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Act("A", "none", CancelMessage{}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hark::store
