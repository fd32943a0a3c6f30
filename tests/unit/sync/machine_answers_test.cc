// A request whose answer is lost, while the backend is otherwise alive.

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

using std::chrono::seconds;
using transport::RefusedCode;

class MachineAnswersTest : public MachineTest {
 protected:
  // Has one page asked for, which is not answered.
  void CatchUp() {
    plan_ = {{{ConversationId("c"), 1, 3, false}}, 3};
    Start(SyncCursor{"e1", 100});
    Connect(transport::Resume::kOk, 100);
    ASSERT_EQ(TakeFrames<transport::GetHistory>().size(), 1U);
  }

  // Whether the machine gives the connection up within that time, while the backend sends `frame`
  // every ten seconds.
  template <typename Frame>
  bool GivesUpWithin(seconds time, const Frame& frame) {
    for (seconds passed{0}; passed < time; passed += seconds(10)) {
      Pass(seconds(10));
      Step(Received{frame});
      Step(TimerFired{});
      Settle();
      if (!Take<CloseConnection>().empty()) return true;
    }
    return false;
  }
};

// Regression: each answer to another request put it off, and the conversation stood still for ever.
TEST_F(MachineAnswersTest, ALostAcknowledgementIsNoticedWhileOtherConversationsGoOn) {
  GoLive();
  Queue(1, "lost");
  ASSERT_EQ(Take<SendEntry>().size(), 1U);
  for (std::uint64_t position = 2; position <= 4; ++position) {
    EXPECT_TRUE(Take<CloseConnection>().empty());
    Pass(seconds(20));
    Queue(position, "busy");
    Acknowledge(Take<SendEntry>().at(0).request);
    Step(TimerFired{});
  }
  Pass(seconds(20));
  EXPECT_LE(machine_.NextDeadline().value(), mono_);
  Step(TimerFired{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U) << "a minute after what was asked later";
  Settle();
  Step(SyncNowAsked{});
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(Take<SendEntry>().at(0).position, 1U);
}

// Regression: it was taken for a sign that requests are answered, and the catching-up never ended.
TEST_F(MachineAnswersTest, AnAnswerThatIsRepeatedDoesNotHideALostPage) {
  CatchUp();
  Queue(1, "c");
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 1U);
  Acknowledge(sent[0].request);
  EXPECT_TRUE(GivesUpWithin(seconds(70), transport::Ack{sent[0].request, MessageId(), "", 12, 1}));
}

TEST_F(MachineAnswersTest, AnAnswerThatNobodyAskedForDoesNotHideALostPage) {
  CatchUp();
  EXPECT_TRUE(GivesUpWithin(seconds(70), transport::Ack{77, MessageId("m"), "", 12, 1}));
}

TEST_F(MachineAnswersTest, ANoticeAboutTheSessionDoesNotHideALostPage) {
  CatchUp();
  EXPECT_TRUE(GivesUpWithin(seconds(70), transport::Refused{0, RefusedCode::kInvalid, "", {}}));
}

// Of another kind than what was asked under this number.
TEST_F(MachineAnswersTest, AnAcknowledgementOfAPageIsNoAnswer) {
  plan_ = {{{ConversationId("c"), 1, 3, false}}, 3};
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kOk, 100);
  const auto asked = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_TRUE(GivesUpWithin(seconds(70), transport::Ack{asked[0].request, MessageId(), "", 1, 1}));
}

TEST_F(MachineAnswersTest, ASlowBackendThatAnswersOneAfterTheOtherIsNotCutOff) {
  GoLive();
  for (std::uint64_t i = 1; i <= 10; ++i) Queue(i, std::to_string(i).c_str());
  const auto sent = Take<SendEntry>();
  ASSERT_EQ(sent.size(), 10U);
  for (const SendEntry& send : sent) {
    for (int i = 0; i < 2; ++i) {
      Pass(milliseconds(29'000));
      Step(TimerFired{});
      Step(Received{transport::Pong{1}});
    }
    Acknowledge(send.request);
  }
  EXPECT_TRUE(Take<CloseConnection>().empty());
  EXPECT_EQ(CommittedOps<store::AcknowledgeSend>().size(), 10U);
}

// What waits for the local disk is not the backend's to answer.
TEST_F(MachineAnswersTest, ASendIsWaitedForFromWhenItLeft) {
  GoLive();
  const OutboxEntry entry = EntryOf(1);
  Step(OutboxChanged{1, {entry}, {}});
  Pass(seconds(50));
  Step(Received{transport::Pong{1}});
  Settle();
  ASSERT_EQ(Take<SendEntry>().size(), 1U);
  EXPECT_FALSE(GivesUpWithin(seconds(50), transport::Pong{1}));
  EXPECT_TRUE(GivesUpWithin(seconds(10), transport::Pong{1}));
}

}  // namespace
}  // namespace hark::sync
