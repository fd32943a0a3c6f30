// Calls that are done once authored.db has them: what they answer, and what is told, when cache.db
// fails in the middle and they are run again.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

const ConversationId kConversation("A");

class AuthoredCallTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(faulty_.OpenFilled()); }

  void FailOnce() { faulty_.disk().Add({Operation::kWrite, "cache.db-wal", 0, SQLITE_IOERR}); }

  Result<Message> Act(const std::string& message, decltype(MessageAction::what) what) {
    Answer<Message> answer;
    faulty_.store().Act({kConversation, MessageId(message), std::move(what)}, answer.Done());
    return answer.Wait();
  }
  Result<std::uint32_t> RetryAll() {
    Answer<std::uint32_t> answer;
    faulty_.store().RetryAll(std::nullopt, answer.Done());
    return answer.Wait();
  }
  std::vector<OutboxEntry> Outbox() { return faulty_.store().ReadOutbox()->entries; }

  FaultyStore faulty_;
};

TEST_F(AuthoredCallTest, AWithdrawnChangeIsSaidToBeWithdrawn) {
  ASSERT_TRUE(Act("m1", EditMessage{"other text"}));
  ASSERT_EQ(Outbox().size(), 2U);
  FailOnce();
  const auto cancelled = Act("m1", CancelMessage{});
  EXPECT_EQ(faulty_.disk().counts().failed, 1U);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_FALSE(cancelled->change);
  EXPECT_EQ(Outbox().size(), 1U);
}

TEST_F(AuthoredCallTest, RetryAllCountsWhatItsFirstRunRetried) {
  ASSERT_TRUE(faulty_.Apply({{store::FailEntry{Outbox()[0].position, {"REFUSED", "No."}}}}));
  FailOnce();
  EXPECT_EQ(RetryAll().value_or(99), 1U);
  EXPECT_EQ(faulty_.disk().counts().failed, 1U);
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kQueued);
}

TEST_F(AuthoredCallTest, AWithdrawnSendIsAnsweredWithItsContent) {
  FailOnce();
  const auto cancelled = Act("first", CancelMessage{});
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(faulty_.disk().counts().failed, 1U);
  EXPECT_EQ(cancelled->content, "text");
}

TEST_F(AuthoredCallTest, WhatWasNotToldItemByItemIsReadAgain) {
  ASSERT_TRUE(Act("m1", EditMessage{"other text"}));
  ASSERT_TRUE(faulty_.Apply({}));
  EXPECT_EQ(faulty_.told_to_read_again(), 0);
  FailOnce();
  ASSERT_TRUE(Act("m1", CancelMessage{}));
  ASSERT_TRUE(faulty_.Apply({}));
  EXPECT_EQ(faulty_.told_to_read_again(), 1);
}

TEST_F(AuthoredCallTest, ASendThatWillLeaveSoonIsStillHereAfterAFailureOfTheCache) {
  ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{Outbox()[0].position}}}}));
  FailOnce();
  Answer<Message> sent;
  faulty_.store().EnqueueSend({TestMessage("A", "second", 0, "text"), true}, sent.Done());
  ASSERT_TRUE(sent.Wait());
  ASSERT_TRUE(faulty_.Apply({}));
  EXPECT_EQ(faulty_.disk().counts().failed, 1U);
  ASSERT_EQ(Outbox().size(), 2U);
  EXPECT_EQ(Outbox()[1].delivery, Delivery::kQueued);
}

// It was refused for good, which authored.db has: it is not on its way any more.
TEST_F(AuthoredCallTest, ARefusedSendThatOnlyOneFileKnowsOfIsNotSending) {
  const std::uint64_t position = Outbox()[0].position;
  ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{position}}}}));
  faulty_.disk().Add({Operation::kWrite, "cache.db-wal", 0, SQLITE_IOERR, true});
  EXPECT_FALSE(faulty_.Apply({{store::FailEntry{position, {"REFUSED", "No."}}}}));
  faulty_.disk().ClearFaults();
  ASSERT_TRUE(Act("first", RetryMessage{}));
  EXPECT_EQ(Outbox()[0].delivery, Delivery::kQueued);
}

TEST_F(AuthoredCallTest, ASendThatCouldNotBeShownIsToldOfWhenItCan) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  faulty_.disk().Add({Operation::kWrite, "cache.db-wal", 0, SQLITE_IOERR, true});
  ASSERT_TRUE(faulty_.Send(TestMessage("A", "second", 0, "text")));
  const LocalRevision told = faulty_.last_announced();
  faulty_.store().RunIdleWriter();
  EXPECT_EQ(faulty_.last_announced(), told);
  faulty_.disk().ClearFaults();
  faulty_.store().RunIdleWriter();
  const LocalRevision shown = faulty_.last_announced();
  EXPECT_GT(shown, told);
  faulty_.store().RunIdleWriter();
  EXPECT_EQ(faulty_.last_announced(), shown) << "nothing was left to tell";
}

TEST_F(AuthoredCallTest, ADeletedMessageStaysDeleted) {
  FailOnce();
  const auto deleted = Act("m1", DeleteMessage{});
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_TRUE(deleted->deleted);
  FailOnce();
  const auto cancelled = Act("first", DeleteMessage{});
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(cancelled->delivery, Delivery::kCancelled);
  EXPECT_EQ(Outbox().size(), 1U);
}

}  // namespace
}  // namespace hark::fault
