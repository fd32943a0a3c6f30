// Sends: from the outbox to the backend, exactly once, whatever is repeated.

#include <string>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, SendIsStoredAndAnsweredQueued) {
  Do(SummaryOf("A", 0));
  Message message = UserMessage("A", 1, "hello");
  message.content_type = "text/markdown";
  message.metadata = {{"k", "v"}};
  message.sequence = 99;  // Ignored, as are the next two.
  message.revision = 99;
  message.delivery = Delivery::kFailed;
  const auto stored = Send(message);
  ASSERT_TRUE(stored) << stored.error().message;
  message.sequence = 0;
  message.revision = 0;
  message.delivery = Delivery::kQueued;
  EXPECT_EQ(*stored, message);
  EXPECT_EQ(*reader().ReadMessage(message.id), message);
  EXPECT_THAT(Page("A").messages, ElementsAre(message));
  store().Reopen();
  EXPECT_EQ(*reader().ReadMessage(message.id), message);
}

TEST_P(StoreContract, SendToAnUnknownConversationIsNotFound) {
  EXPECT_EQ(Send(UserMessage("none", 1, "hello")).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, RepeatedIdIsStoredOnce) {
  Do(SummaryOf("A", 0));
  const Message message = UserMessage("A", 1, "hello");
  ASSERT_TRUE(Send(message));
  TakeCommits();
  Message again = message;
  again.created_at = TimeOf(1);
  again.content_type = "text/plain";
  EXPECT_EQ(*Send(again), *reader().ReadMessage(message.id));
  EXPECT_EQ(Outbox().size(), 1U);
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, SameIdWithOtherContentIsAConflict) {
  Do(SummaryOf("A", 0));
  Do(SummaryOf("B", 0));
  const Message message = UserMessage("A", 1, "hello");
  ASSERT_TRUE(Send(message));
  const auto expect_conflicts = [&] {
    Message other = message;
    other.content = "other";
    EXPECT_EQ(Send(other).error().code, ErrorCode::kConflict);
    other = message;
    other.conversation = ConversationId("B");
    EXPECT_EQ(Send(other).error().code, ErrorCode::kConflict);
    other = message;
    other.content_type = "text/html";
    EXPECT_EQ(Send(other).error().code, ErrorCode::kConflict);
    other = message;
    other.metadata = {{"k", "v"}};
    EXPECT_EQ(Send(other).error().code, ErrorCode::kConflict);
  };
  expect_conflicts();
  Do(AcknowledgeSend{message.id, "s-1", 1, 1});
  expect_conflicts();
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, RepeatedIdAfterDeliveryAnswersTheSentMessage) {
  Do(SummaryOf("A", 0));
  const Message message = UserMessage("A", 1, "hello");
  ASSERT_TRUE(Send(message));
  Do(AcknowledgeSend{message.id, "s-1", 1, 1});
  const auto again = Send(message);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->delivery, Delivery::kSent);
  EXPECT_EQ(again->sequence, 1U);
  EXPECT_THAT(Outbox(), IsEmpty());
}

TEST_P(StoreContract, AcknowledgedSendKeepsItsIdentityAndLeavesTheOutbox) {
  Do(SummaryOf("A", 0));
  const Message message = UserMessage("A", 1, "hello");
  ASSERT_TRUE(Send(message));
  Do(AcknowledgeSend{message.id, "s-1", 1, 1});
  Message sent = message;
  sent.server_id = "s-1";
  sent.sequence = 1;
  sent.revision = 1;
  sent.delivery = Delivery::kSent;
  EXPECT_THAT(Page("A").messages, ElementsAre(sent));
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Page("A").total_count, 1U);
  EXPECT_TRUE(Get("A").complete);
  EXPECT_EQ(Get("A").unread_count, 0U);
}

TEST_P(StoreContract, EchoAndAcknowledgementInEitherOrderAreOneRow) {
  Do(SummaryOf("A", 0));
  Do(SummaryOf("B", 0));
  const auto sent = [](const std::string& conversation, int number) {
    Message message = UserMessage(conversation, number, "hello");
    message.server_id = "s-" + std::to_string(number);
    message.sequence = 1;
    message.revision = 1;
    return message;
  };
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(ApplyMessage{sent("A", 1)});
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "s-1", 1, 1});
  EXPECT_THAT(Page("A").messages, ElementsAre(sent("A", 1)));

  ASSERT_TRUE(Send(UserMessage("B", 2, "hello")));
  Do(AcknowledgeSend{MessageId(UuidOf(2)), "s-2", 1, 1});
  Do(ApplyMessage{sent("B", 2)});
  EXPECT_THAT(Page("B").messages, ElementsAre(sent("B", 2)));

  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Get("A").message_count, 1U);
  EXPECT_EQ(Get("B").message_count, 1U);
}

// An acknowledgement does not tell everything: the backend decides about the times, for instance.
TEST_P(StoreContract, WhatTheBackendSaysOfASentMessageReplacesWhatIsHereAtTheSameRevisionToo) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "s-1", 1, 1});
  Message there = *reader().ReadMessage(MessageId(UuidOf(1)));
  there.created_at = TimeOf(77);
  there.metadata = {{"seen by", "the backend"}};
  TakeCommits();
  Do(ApplyMessage{there});
  EXPECT_THAT(Page("A").messages, ElementsAre(there));
  EXPECT_EQ(TakeCommits().size(), 1U);
  Do(ApplyMessage{there});
  EXPECT_THAT(TakeCommits(), IsEmpty()) << "told again, it is no news";
}

TEST_P(StoreContract, HistoryWithAMessageOfTheOutboxFinishesIt) {
  Do(SummaryOf("A", 2));
  const Message message = UserMessage("A", 1, "hello");
  ASSERT_TRUE(Send(message));
  ApplyHistory page = HistoryOf("A", 1, 3);
  page.messages[2].id = message.id;
  page.messages[2].content = message.content;
  Do(page);
  EXPECT_THAT(Outbox(), IsEmpty());
  EXPECT_EQ(Page("A").messages.size(), 3U);
  EXPECT_EQ(Page("A").total_count, 3U);
}

TEST_P(StoreContract, AcknowledgementOfAnUnknownSendDoesNothing) {
  Do(HistoryOf("A", 1, 1));
  TakeCommits();
  Do(AcknowledgeSend{MessageId(IdOf("A", 1)), "other", 9, 9});
  Do(AcknowledgeSend{MessageId("none"), "other", 9, 9});
  EXPECT_THAT(Page("A").messages, ElementsAre(BackendMessage("A", 1)));
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, AcknowledgementBeyondTheNewestLeavesAGap) {
  Do(HistoryOf("A", 1, 2));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "", 5, 1});
  EXPECT_EQ(Page("A").gap_before, (Gap{ConversationId("A"), 3, 4, GapReason::kLimited}));
}

TEST_P(StoreContract, SendingIsShownUntilRequeuedFailedOrAcknowledged) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(Send(UserMessage("A", i, "hello")));
  const auto delivery = [&](int i) { return reader().ReadMessage(MessageId(UuidOf(i)))->delivery; };
  Do(MarkSending{{PositionOf(1), PositionOf(2), 99}});
  EXPECT_EQ(delivery(1), Delivery::kSending);
  EXPECT_EQ(delivery(2), Delivery::kSending);
  EXPECT_EQ(delivery(3), Delivery::kQueued);
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kSending);
  EXPECT_EQ(Page("A").messages[1].delivery, Delivery::kSending);

  const DeliveryFailure failure{"TOO_LARGE", "It is too large.", true, std::chrono::seconds(3)};
  Do(FailEntry{PositionOf(2), failure});
  EXPECT_EQ(delivery(2), Delivery::kFailed);
  EXPECT_EQ(reader().ReadMessage(MessageId(UuidOf(2)))->failure, failure);

  Do(RequeueEntry{PositionOf(1)});
  EXPECT_EQ(delivery(1), Delivery::kQueued);
  EXPECT_EQ(delivery(2), Delivery::kFailed);
}

TEST_P(StoreContract, WhatLeftAndWasNotAnsweredIsUnknownAlsoAfterARestart) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(Send(UserMessage("A", i, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  Do(ConnectionLost{});
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kUnknown);
  EXPECT_EQ(Outbox()[1].delivery, Delivery::kQueued);
  Do(MarkSending{{PositionOf(1), PositionOf(2)}});
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kSending);
  Do(FailEntry{PositionOf(3), {"REFUSED", "No."}});
  store().Reopen();
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kUnknown);
  EXPECT_EQ(Outbox()[1].delivery, Delivery::kUnknown);
  EXPECT_EQ(Outbox()[2].delivery, Delivery::kFailed);
  EXPECT_EQ(reader().ReadMessage(MessageId(UuidOf(3)))->failure,
            (DeliveryFailure{"REFUSED", "No."}));
}

TEST_P(StoreContract, AConnectionThatEndsWithNothingOnItIsNoNews) {
  Do(SummaryOf("A", 0));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  TakeCommits();
  Do(ConnectionLost{});
  EXPECT_TRUE(TakeCommits().empty());
}

TEST_P(StoreContract, WhatWillLeaveSoonIsQueuedUntilItDoesAlsoWhenTheConnectionGoes) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 3; ++i) {
    const auto sent = SendSoon(UserMessage("A", i, "hello"));
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->delivery, Delivery::kQueued);
  }
  Do(MarkSending{{PositionOf(1)}});
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kSending, Delivery::kQueued, Delivery::kQueued}));
  Do(ConnectionLost{});
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kUnknown, Delivery::kQueued, Delivery::kQueued}));
  store().Reopen();
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kUnknown, Delivery::kQueued, Delivery::kQueued}));
}

TEST_P(StoreContract, WhatWouldHaveLeftSoonMayHaveLeftAfterACrash) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(SendSoon(UserMessage("A", i, "hello")));
  store().Reopen();
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kUnknown, Delivery::kUnknown}));
}

TEST_P(StoreContract, WhatIsBehindARefusedSendHasNotLeft) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(SendSoon(UserMessage("A", i, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  Do(RequeueEntry{PositionOf(1)});
  ASSERT_TRUE(SendSoon(UserMessage("A", 5, "behind one that waits")));
  store().Reopen();
  const auto queued = Delivery::kQueued;
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kUnknown, queued, queued, queued, queued}));

  Do(MarkSending{{PositionOf(1)}});
  for (int i = 6; i <= 7; ++i) ASSERT_TRUE(SendSoon(UserMessage("A", i, "hello")));
  Do(FailEntry{PositionOf(1), {"REFUSED", "No."}});
  ASSERT_TRUE(SendSoon(UserMessage("A", 8, "behind one that failed")));
  store().Reopen();
  EXPECT_EQ(Deliveries(), (std::vector{Delivery::kFailed, queued, queued, queued, queued, queued,
                                       queued, queued}));
}

TEST_P(StoreContract, WhatWillLeaveSoonIsStillHere) {
  Do(SummaryOf("A", 0));
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(SendSoon(UserMessage("A", i, "hello")));
  Do(MarkSending{{PositionOf(1)}});
  ASSERT_TRUE(Act("A", UuidOf(2), EditMessage{"changed in place"}));
  ASSERT_TRUE(Act("A", UuidOf(3), CancelMessage{}));
  ASSERT_EQ(Outbox().size(), 2U);
  EXPECT_EQ(reader().ReadOutgoing(PositionOf(2))->message.content, "changed in place");
  Do(MarkSending{{PositionOf(2)}});
  ASSERT_TRUE(Act("A", UuidOf(2), EditMessage{"too late for that"}));
  ASSERT_EQ(Outbox().size(), 3U);
  EXPECT_EQ(reader().ReadOutgoing(PositionOf(2))->message.content, "changed in place");
}

TEST_P(StoreContract, OutboxIsReadInSubmitOrder) {
  Do(SummaryOf("A", 0));
  Do(SummaryOf("B", 0));
  ASSERT_TRUE(Send(UserMessage("B", 5, "1")));
  ASSERT_TRUE(Send(UserMessage("A", 4, "2")));
  ASSERT_TRUE(Send(UserMessage("B", 3, "3")));
  const auto entries = Outbox();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].message.value(), UuidOf(5));
  EXPECT_EQ(entries[1].message.value(), UuidOf(4));
  EXPECT_EQ(entries[1].conversation.value(), "A");
  EXPECT_EQ(entries[2].message.value(), UuidOf(3));
  EXPECT_LT(entries[0].position, entries[1].position);
  // Positions are not used again.
  Do(AcknowledgeSend{MessageId(UuidOf(3)), "", 1, 1});
  ASSERT_TRUE(Send(UserMessage("B", 2, "4")));
  EXPECT_GT(Outbox().back().position, entries[2].position);
}

TEST_P(StoreContract, FullOutboxRefusesOneMore) {
  Do(SummaryOf("A", 0));
  const int most = static_cast<int>(limits::kOutboxEntries);
  // Some at a time: the writer's queue has a limit of its own.
  for (int i = 0; i < most; i += 500) {
    std::vector<std::future<Result<Message>>> answers;
    for (int j = i; j < i + 500; ++j) {
      auto promise = std::make_shared<std::promise<Result<Message>>>();
      answers.push_back(promise->get_future());
      writer().EnqueueSend({UserMessage("A", j, "hello")}, [promise](Result<Message> result) {
        promise->set_value(std::move(result));
      });
    }
    for (auto& answer : answers) ASSERT_TRUE(answer.get());
  }
  EXPECT_EQ(Send(UserMessage("A", most, "hello")).error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(Send(UserMessage("A", 1, "hello")));  // A repetition is no new entry.
  EXPECT_EQ(Get("A").pending_count, limits::kOutboxEntries);
  Do(AcknowledgeSend{MessageId(UuidOf(0)), "", 1, 1});
  EXPECT_TRUE(Send(UserMessage("A", most, "hello")));
}

}  // namespace
}  // namespace hark::store
