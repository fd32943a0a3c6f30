// What sending costs in syncs of the disk, counted: what the user wrote is synced before the call
// returns, and nothing else is.

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

class SyncCostTest : public testing::Test {
 protected:
  void SetUp() override {
    faulty_.SetWritesByHand(true);
    ASSERT_TRUE(faulty_.OpenFilled());
    ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{1}}}}));
    faulty_.disk().ResetCounts();
  }

  void Submit(const std::string& id, Answer<Message>& answer) {
    faulty_.store().EnqueueSend({TestMessage("A", id, 0, "text"), true}, answer.Done());
  }
  void Submit(store::Operation operation) {
    faulty_.store().Apply({{std::move(operation)}}, [](const Result<LocalRevision>& applied) {
      EXPECT_TRUE(applied) << applied.error().message;
    });
  }
  void Send(const std::string& id) {
    Answer<Message> sent;
    Submit(id, sent);
    faulty_.store().RunWriter();
    ASSERT_TRUE(sent.Wait());
  }
  static store::AcknowledgeSend Acknowledged(const std::string& id, Sequence sequence) {
    return {MessageId(id), "", sequence, 1};
  }
  std::uint64_t Syncs() {
    return faulty_.disk().SyncsOf("authored.db-wal") + faulty_.disk().SyncsOf("cache.db-wal");
  }

  FaultyStore faulty_;
};

TEST_F(SyncCostTest, ASendCostsOneFromTheCallToTheAcknowledgement) {
  Send("second");
  EXPECT_EQ(Syncs(), 1U);
  Submit(Acknowledged("first", 4));
  Submit(store::MarkSending{{2}});
  Submit(Acknowledged("second", 5));
  faulty_.store().RunWriter();
  EXPECT_EQ(Syncs(), 1U);
}

TEST_F(SyncCostTest, ASendThatComesWithAnAcknowledgementCostsOne) {
  Answer<Message> sent;
  Submit(Acknowledged("first", 4));
  Submit("second", sent);
  faulty_.store().RunWriter();
  ASSERT_TRUE(sent.Wait());
  EXPECT_EQ(Syncs(), 1U);
}

TEST_F(SyncCostTest, SendsThatComeTogetherShareOne) {
  Answer<Message> second;
  Answer<Message> third;
  Submit("second", second);
  Submit("third", third);
  faulty_.store().RunWriter();
  ASSERT_TRUE(second.Wait());
  ASSERT_TRUE(third.Wait());
  EXPECT_EQ(Syncs(), 1U);
}

TEST_F(SyncCostTest, AReadMarkerCostsOneFromTheCallToTheAcknowledgement) {
  ASSERT_TRUE(faulty_.MarkRead("A"));
  EXPECT_EQ(Syncs(), 1U);
  Submit(store::AcknowledgeRead{ConversationId("A"), 3});
  faulty_.store().RunWriter();
  EXPECT_EQ(Syncs(), 1U);
}

}  // namespace
}  // namespace hark::fault
