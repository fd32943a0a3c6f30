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
