// How the machine gets the outbox to the backend, and what it records of it.

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

using transport::RefusedCode;

class MachineOutboxTest : public MachineTest {
 protected:
  OutboxEntry Change(std::uint64_t position, OutboxKind kind, std::uint64_t base = 3) {
    OutboxEntry entry = EntryOf(position);
    entry.kind = kind;
    entry.message = MessageId("old");
    entry.base_revision = base;
    Put(entry);
    return entry;
  }

  void MarkRead(std::uint64_t position, Sequence up_to) {
    OutboxEntry entry;
    entry.position = position;
    entry.kind = OutboxKind::kMarkRead;
    entry.conversation = ConversationId("c");
    entry.read_sequence = up_to;
    Put(entry);
  }

  void ReconnectNow() {
    Step(SyncNowAsked{});
    Connect(transport::Resume::kOk, 100);
  }

  DeliveryFailure LastFailure() {
    const auto failed = CommittedOps<store::FailEntry>();
    return failed.empty() ? DeliveryFailure{} : failed.back().failure;
  }
};

TEST_F(MachineOutboxTest, ASendIsMarkedThenSentThenAcknowledged) {
  GoLive();
  const OutboxEntry entry = EntryOf(1);
  Step(OutboxChanged{1, {entry}, {}});
  EXPECT_TRUE(Take<SendEntry>().empty()) << "not before the mark is on disk";
  Settle();
  ASSERT_EQ(CommittedOps<store::MarkSending>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::MarkSending>()[0].positions, std::vector<std::uint64_t>{1});
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].position, 1U);
  Acknowledge(sent[0].request);
  ASSERT_EQ(CommittedOps<store::AcknowledgeSend>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::AcknowledgeSend>()[0].sequence, 12U);
  Acknowledge(sent[0].request);
  EXPECT_EQ(CommittedOps<store::AcknowledgeSend>().size(), 1U) << "a repeated acknowledgement";
}

// It may have arrived before, and been edited there: a stream that was begun anew does not tell.
TEST_F(MachineOutboxTest, ASendOfBeforeAStreamThatBeganAnewMayBeOutdatedWhenItIsAcknowledged) {
  GoLive();
  const auto send = [this](std::uint64_t position) {
    const OutboxEntry entry = EntryOf(position);
    Put(entry);
    Step(OutboxChanged{position, {entry}, {}});
    Settle();
  };
  send(1);
  ASSERT_EQ(Take<SendEntry>().size(), 1U);
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  Step(SyncNowAsked{});
  Connect(transport::Resume::kTooOld, 200);
  auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  Acknowledge(sent[0].request);
  ASSERT_EQ(CommittedOps<store::AcknowledgeSend>().size(), 1U);
  EXPECT_TRUE(CommittedOps<store::AcknowledgeSend>()[0].may_be_outdated);

  send(2);
  sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  Acknowledge(sent[0].request);
  ASSERT_EQ(CommittedOps<store::AcknowledgeSend>().size(), 2U);
  EXPECT_FALSE(CommittedOps<store::AcknowledgeSend>()[1].may_be_outdated);
}

// A higher one would hide what others make of it.
TEST_F(MachineOutboxTest, AnAcknowledgedSendIsOfTheFirstRevisionWhateverTheBackendSays) {
  GoLive();
  Step(OutboxChanged{1, {EntryOf(1, "c", Delivery::kSending)}, {}});
  Acknowledge(Take<SendEntry>().at(0).request, 12, 9);
  EXPECT_EQ(CommittedOps<store::AcknowledgeSend>().at(0).revision, 1U);
}

TEST_F(MachineOutboxTest, NothingIsSentIfTheConnectionEndsBeforeTheMarkIsCommitted) {
  GoLive();
  const OutboxEntry entry = EntryOf(1);
  Step(OutboxChanged{1, {entry}, {}});
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  EXPECT_TRUE(Take<SendEntry>().empty());
  EXPECT_EQ(CommittedOps<store::ConnectionLost>().size(), 1U);
}

TEST_F(MachineOutboxTest, ASendStoredAsLeavingIsSentWithoutAnotherCommit) {
  GoLive();
  const OutboxEntry entry = EntryOf(1, "c", Delivery::kSending);
  Step(OutboxChanged{1, {entry}, {}});
  EXPECT_EQ(Take<SendEntry>().size(), 1U);
  EXPECT_TRUE(Take<CommitBatch>().empty());
}

TEST_F(MachineOutboxTest, ASendStoredAsLeavingWhileTheConnectionEndedIsNotShownAsUnderWay) {
  GoLive();
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  committed_.clear();
  const OutboxEntry entry = EntryOf(1, "c", Delivery::kSending);
  Step(OutboxChanged{1, {entry}, {}});
  Step(TimerFired{});
  EXPECT_EQ(Take<CommitBatch>().size(), 1U) << "once, until the store answers";
}

TEST_F(MachineOutboxTest, AnUnansweredSendIsSentAgainAfterReconnecting) {
  GoLive();
  Queue(1, "c");
  EXPECT_EQ(Take<SendEntry>().at(0).position, 1U);
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  EXPECT_EQ(CommittedOps<store::ConnectionLost>().size(), 1U);
  ReconnectNow();
  EXPECT_EQ(Take<SendEntry>().at(0).position, 1U);
}

TEST_F(MachineOutboxTest, AfterAStartWhatMayHaveLeftIsUnknown) {
  Start(SyncCursor{"e1", 100});
  EXPECT_EQ(CommittedOps<store::ConnectionLost>().size(), 1U);
}

TEST_F(MachineOutboxTest, ChangesBeforeTheLoadsAnswerAreNeitherLostNorAppliedTwice) {
  Step(Started{{SyncCursor{"e1", 100}, std::nullopt, true}, {}, 0});
  const OutboxEntry first = EntryOf(1, "c");
  const OutboxEntry second = EntryOf(2, "d");
  // The first is in what is loaded, and was removed by what came before it.
  Step(OutboxChanged{5, {}, {1}});
  Step(OutboxChanged{8, {second}, {}});
  for (int i = 0; i < 2; ++i) {
    for ([[maybe_unused]] const auto& load : Take<LoadOutbox>()) Step(OutboxLoaded{{{first}, 7}});
    outbox_ = {first, second};
    revision_ = 8;
    Settle();
  }
  Connect(transport::Resume::kOk, 100);
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].position, 1U);
  EXPECT_EQ(sent[1].position, 2U);
}

TEST_F(MachineOutboxTest, ATransientRefusalIsRetriedAfterTheAskedTime) {
  GoLive();
  OutboxEntry entry = Queue(1, "c");
  Refuse(Take<SendEntry>().at(0).request, RefusedCode::kRateLimited, milliseconds(2'000));
  ASSERT_EQ(CommittedOps<store::RequeueEntry>().size(), 1U);
  Pass(milliseconds(1'999));
  Step(TimerFired{});
  Settle();
  EXPECT_TRUE(Take<SendEntry>().empty());
  Pass(milliseconds(501));
  Step(TimerFired{});
  Settle();
  EXPECT_EQ(Take<SendEntry>().size(), 1U);
}

TEST_F(MachineOutboxTest, APermanentRefusalIsRecordedAtOnceAndParksItsConversation) {
  GoLive();
  OutboxEntry entry = Queue(1, "c");
  Queue(2, "c");
  transport::Refused refused;
  refused.request = Take<SendEntry>().at(0).request;
  refused.code = RefusedCode::kTooLarge;
  Step(Received{refused});
  const std::vector<CommitBatch> failure = Take<CommitBatch>();
  ASSERT_EQ(failure.size(), 1U);
  entry.delivery = Delivery::kFailed;
  Step(OutboxChanged{++revision_, {entry}, {}});
  Step(Committed{failure[0].number});
  Settle();
  EXPECT_TRUE(Take<SendEntry>().empty());
  EXPECT_TRUE(machine_.NextDeadline()) << "the heartbeat goes on";
  entry.delivery = Delivery::kQueued;
  Put(entry);
  EXPECT_EQ(Take<SendEntry>().at(0).position, 1U) << "retried";
}

TEST_F(MachineOutboxTest, WhatTheBackendPutOffForTooLongIsTriedAfterAnHour) {
  GoLive();
  Queue(1, "c");
  Refuse(Take<SendEntry>().at(0).request, RefusedCode::kRateLimited, std::chrono::hours(24 * 49));
  Pass(limits::kRetryAfterMost + limits::kBackoffFirst);
  Step(Received{transport::Pong{1}});
  Settle();
  EXPECT_EQ(Take<SendEntry>().size(), 1U);
}

TEST_F(MachineOutboxTest, SyncNowSendsWhatTheBackendPutOff) {
  GoLive();
  Queue(1, "c");
  Refuse(Take<SendEntry>().at(0).request, RefusedCode::kRateLimited, std::chrono::minutes(10));
  EXPECT_TRUE(Take<SendEntry>().empty());
  Step(SyncNowAsked{});
  Settle();
  EXPECT_EQ(Take<SendEntry>().size(), 1U);
}

// Regression: it was waited for, and with one request at a time nothing else left.
TEST_F(MachineOutboxTest, WhatIsOverALimitOfTheBackendFailsAndTheOtherConversationsGoOn) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.limits = {};
  Step(Received{welcome});
  Settle();
  Queue(1, "c");
  Queue(2, "c");
  Queue(3, "d");
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  Step(NotSent{sent[0].request});
  Settle();
  EXPECT_EQ(LastFailure().reason, "TOO_LARGE");
  EXPECT_EQ(Take<SendEntry>().at(0).position, 3U) << "the second waits behind the first";
  EXPECT_TRUE(Take<CloseConnection>().empty());
}

TEST_F(MachineOutboxTest, TheReasonOfARefusalSaysWhetherToTryAgain) {
  GoLive();
  const std::vector<std::tuple<OutboxKind, RefusedCode, std::string, bool>> cases = {
      {OutboxKind::kSend, RefusedCode::kPermission, "PERMISSION", true},
      {OutboxKind::kSend, RefusedCode::kNotFound, "NOT_FOUND", true},
      {OutboxKind::kSend, RefusedCode::kUnsupported, "UNSUPPORTED", true},
      {OutboxKind::kSend, RefusedCode::kTooLarge, "TOO_LARGE", false},
      {OutboxKind::kSend, RefusedCode::kInvalid, "INVALID", false},
      {OutboxKind::kSend, RefusedCode::kConflict, "CONFLICT", false},
      {OutboxKind::kEdit, RefusedCode::kConflict, "CONFLICT", true},
      {OutboxKind::kEdit, RefusedCode::kNotFound, "NOT_FOUND", true},
      {OutboxKind::kDelete, RefusedCode::kPermission, "PERMISSION", true},
  };
  std::uint64_t position = 0;
  for (const auto& [kind, code, reason, can_retry] : cases) {
    OutboxEntry entry = Change(++position, kind);
    const auto sent = Take<SendEntry>();
    ASSERT_EQ(sent.size(), 1U) << reason;
    Refuse(sent[0].request, code, milliseconds(7));
    EXPECT_EQ(LastFailure().reason, reason);
    EXPECT_EQ(LastFailure().can_retry, can_retry) << reason;
    EXPECT_EQ(LastFailure().retry_after, milliseconds(can_retry ? 7 : 0));
    EXPECT_FALSE(LastFailure().message.empty());
    Remove(position);
  }
}

TEST_F(MachineOutboxTest, AnAcknowledgementOfAnotherMessageIsNotBelieved) {
  for (const OutboxKind kind : {OutboxKind::kSend, OutboxKind::kEdit, OutboxKind::kDelete}) {
    if (kind == OutboxKind::kSend) {
      GoLive();
      Queue(1, "c");
    } else {
      Change(1, kind);
    }
    auto sent = Take<SendEntry>();
    ASSERT_EQ(sent.size(), 1U);
    Step(Received{transport::Ack{sent[0].request, MessageId("another"), "", 12, 4}});
    Settle();
    EXPECT_EQ(Take<CloseConnection>().size(), 1U);
    EXPECT_TRUE(CommittedOps<store::AcknowledgeSend>().empty());
    EXPECT_TRUE(CommittedOps<store::AcknowledgeChange>().empty());
    ReconnectNow();
    sent = Take<SendEntry>();
    ASSERT_EQ(sent.size(), 1U) << "it is asked again";
    Remove(1);
    Step(EntryGone{sent[0].request});
  }
}

TEST_F(MachineOutboxTest, AnEditAndADeletionAreAcknowledgedWithTheirRevision) {
  GoLive();
  Change(1, OutboxKind::kEdit);
  Acknowledge(Take<SendEntry>().at(0).request, 12, 4);
  ASSERT_EQ(CommittedOps<store::AcknowledgeChange>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::AcknowledgeChange>()[0].position, 1U);
  EXPECT_EQ(CommittedOps<store::AcknowledgeChange>()[0].revision, 4U);
  Change(2, OutboxKind::kDelete);
  Acknowledge(Take<SendEntry>().at(0).request, 12, 5);
  EXPECT_EQ(CommittedOps<store::AcknowledgeChange>().size(), 2U);
}

TEST_F(MachineOutboxTest, DeletingWhatIsNotThereIsDone) {
  GoLive();
  Change(1, OutboxKind::kDelete, 0);
  Refuse(Take<SendEntry>().at(0).request, RefusedCode::kNotFound);
  ASSERT_EQ(CommittedOps<store::NothingToDelete>().size(), 1U);
  EXPECT_TRUE(CommittedOps<store::FailEntry>().empty());
}

TEST_F(MachineOutboxTest, WhatTheBackendCannotDoFailsWithoutBeingSent) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.can_edit = false;
  welcome.can_delete = false;
  Step(Received{welcome});
  Settle();
  Change(1, OutboxKind::kEdit);
  EXPECT_EQ(LastFailure().reason, "UNSUPPORTED");
  Remove(1);
  Change(2, OutboxKind::kDelete);
  EXPECT_EQ(CommittedOps<store::FailEntry>().back().position, 2U);
  EXPECT_TRUE(Take<SendEntry>().empty());
}

TEST_F(MachineOutboxTest, AnEntryThatIsGoneWhenItIsReadIsGivenUp) {
  GoLive();
  Queue(1, "c");
  Queue(2, "c");
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  Remove(1);
  EXPECT_EQ(Take<SendEntry>().at(0).position, 2U);
  Step(EntryGone{sent[0].request});
  Settle();
  for (int i = 0; i < 3; ++i) {
    Pass(milliseconds(25'000));
    Step(Received{transport::Pong{1}});
  }
  Step(TimerFired{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U) << "the second one is unanswered";
}

TEST_F(MachineOutboxTest, AnEntryWithdrawnBeforeItsMarkIsCommittedIsNotSent) {
  GoLive();
  const OutboxEntry entry = EntryOf(1);
  Step(OutboxChanged{1, {entry}, {}});
  Step(OutboxChanged{2, {}, {1}});
  Settle();
  EXPECT_TRUE(Take<SendEntry>().empty());
}

TEST_F(MachineOutboxTest, AnEchoInPlaceOfTheAcknowledgementLetsTheNextLeave) {
  GoLive();
  Queue(1, "c");
  Queue(2, "c");
  (void)Take<SendEntry>();
  Step(Received{ChangesOf(100, 101, {MessageOf("m1", 9)})});
  Settle();
  EXPECT_EQ(Take<SendEntry>().at(0).position, 2U);
}

TEST_F(MachineOutboxTest, ReadMarkersAreSentAtOnceAndAcknowledgedAsFarAsTheyWere) {
  GoLive();
  MarkRead(1, 5);
  const auto sent = TakeFrames<transport::MarkRead>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(CommittedOps<store::MarkSending>().empty());
  MarkRead(1, 9);
  Step(Received{transport::Ack{sent[0].request, MessageId(), "", 0, 0}});
  Settle();
  ASSERT_EQ(CommittedOps<store::AcknowledgeRead>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::AcknowledgeRead>()[0].read_sequence, 5U);
  EXPECT_EQ(TakeFrames<transport::MarkRead>().at(0).read_sequence, 9U);
}

// Of a backend that was restored from a copy, it may be of numbers that others have now.
TEST_F(MachineOutboxTest, AReadMarkerWaitsUntilEverythingIsCompared) {
  Start(SyncCursor{"e0", 100});
  MarkRead(1, 5);
  Connect(transport::Resume::kOtherEpoch, 7);
  const auto list = TakeFrames<transport::ListConversations>();
  ASSERT_EQ(list.size(), 1U);
  plan_.items = {{ConversationId("c"), 1, 5, true}};
  transport::ConversationPage page;
  page.request = list[0].request;
  Step(Received{std::move(page)});
  Settle();
  EXPECT_TRUE(TakeFrames<transport::MarkRead>().empty());
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  transport::History history;
  history.request = asked[0].request;
  history.conversation = ConversationId("c");
  history.from = 1;
  history.to = 5;
  history.messages = {MessageOf("a", 1), MessageOf("b", 5)};
  Step(Received{std::move(history)});
  Settle();
  EXPECT_EQ(TakeFrames<transport::MarkRead>().size(), 1U);
}

TEST_F(MachineOutboxTest, OldEntriesExpireWhileOfflineByTheDeadline) {
  Start(SyncCursor{"e1", 100});
  Step(Disconnected{Error(ErrorCode::kOffline, "refused")});
  Settle();
  Queue(1, "c");
  committed_.clear();
  for (Clock::Duration left = limits::kOutboxAge; left > Clock::Duration{0};) {
    const Clock::Duration step = std::min<Clock::Duration>(left, std::chrono::hours(1));
    actions_.clear();
    Pass(step);
    left -= step;
    EXPECT_TRUE(CommittedOps<store::ExpireEntries>().empty());
    Step(TimerFired{});
    Settle();
    Step(Disconnected{Error(ErrorCode::kOffline, "refused")});
    Settle();
  }
  ASSERT_EQ(CommittedOps<store::ExpireEntries>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::ExpireEntries>()[0].positions, std::vector<std::uint64_t>{1});
}

TEST_F(MachineOutboxTest, WhatIsTooOldAtAConnectExpiresAndIsNotSent) {
  OutboxEntry entry = EntryOf(1);
  entry.submitted_at -= limits::kOutboxAge;
  outbox_ = {entry};
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  EXPECT_FALSE(CommittedOps<store::ExpireEntries>().empty());
  EXPECT_TRUE(CommittedOps<store::MarkSending>().empty());
  EXPECT_TRUE(Take<SendEntry>().empty());
}

TEST_F(MachineOutboxTest, AFullBackendIsNotAskedMore) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.limits.in_flight = 2;
  Step(Received{welcome});
  Settle();
  for (std::uint64_t i = 1; i <= 5; ++i) Queue(i, std::to_string(i).c_str());
  EXPECT_EQ(Take<SendEntry>().size(), 2U);
}

}  // namespace
}  // namespace hark::sync
