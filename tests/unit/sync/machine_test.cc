#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

TEST_F(MachineTest, FirstSyncListsThenFetchesThenIsLive) {
  Start();
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
  EXPECT_EQ(Shown(), State::kConnecting);
  Step(Connected{});
  const auto hello = Take<SendHello>();
  ASSERT_EQ(hello.size(), 1U);
  EXPECT_FALSE(hello[0].cursor);
  Step(Received{Welcome(transport::Resume::kNoCursor, 7)});
  Settle();
  EXPECT_EQ(Shown(), State::kCatchingUp);
  EXPECT_TRUE(shown_.initial);

  auto lists = TakeFrames<transport::ListConversations>();
  ASSERT_EQ(lists.size(), 1U);
  transport::ConversationPage page;
  page.request = lists[0].request;
  page.conversations.emplace_back().id = ConversationId("c");
  page.next_page_token = "2";
  Step(Received{page});
  Settle();
  EXPECT_TRUE(CommittedOps<store::SetCursor>().empty()) << "the list is not whole yet";
  lists = TakeFrames<transport::ListConversations>();
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_EQ(lists[0].page_token, "2");

  plan_ = {{{ConversationId("c"), 1, 3, false}}, 3};
  page.request = lists[0].request;
  page.next_page_token.clear();
  Step(Received{page});
  Settle();
  ASSERT_EQ(CommittedOps<store::SetCursor>().size(), 1U);
  EXPECT_EQ(CommittedOps<store::SetCursor>()[0].cursor, (SyncCursor{"e1", 7}));
  EXPECT_EQ(CommittedOps<store::ApplySummary>()[0].gap_reason, GapReason::kNotFetched);
  EXPECT_EQ(Shown(), State::kCatchingUp);
  EXPECT_EQ(shown_.total, 3U);

  const auto asks = TakeFrames<transport::GetHistory>();
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].before, 4U);
  transport::History history;
  history.request = asks[0].request;
  history.conversation = ConversationId("c");
  history.messages = {MessageOf("a", 1), MessageOf("b", 2), MessageOf("d", 3)};
  history.from = 1;
  history.to = 3;
  Step(Received{history});
  Settle();
  EXPECT_EQ(Shown(), State::kLive);
  ASSERT_EQ(CommittedOps<store::SetSynced>().size(), 1U);
  EXPECT_TRUE(CommittedOps<store::SetSynced>()[0].initial_sync_done);
}

TEST_F(MachineTest, ResumesFromTheCursorWithoutListing) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  const auto hello = Take<SendHello>();
  ASSERT_EQ(hello.size(), 1U);
  EXPECT_EQ(hello[0].cursor, (SyncCursor{"e1", 100}));
  Step(Received{Welcome(transport::Resume::kOk, 102)});
  Settle();
  EXPECT_TRUE(TakeFrames<transport::ListConversations>().empty());
  EXPECT_EQ(Shown(), State::kCatchingUp) << "two changes are still to come";
  Step(Received{ChangesOf(100, 102, {MessageOf("x", 9)})});
  Settle();
  EXPECT_EQ(Shown(), State::kLive);
  EXPECT_EQ(CommittedOps<store::SetCursor>().back().cursor, (SyncCursor{"e1", 102}));
}

TEST_F(MachineTest, ACursorTooOldReconciles) {
  Start(SyncCursor{"e1", 100});
  Connect(transport::Resume::kTooOld, 500);
  EXPECT_EQ(CommittedOps<store::BeginReconcile>().size(), 1U);
  EXPECT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
}

TEST_F(MachineTest, AnotherEpochReconciles) {
  Start(SyncCursor{"e0", 100});
  Connect(transport::Resume::kOtherEpoch, 5);
  EXPECT_EQ(CommittedOps<store::BeginReconcile>().size(), 1U);
  EXPECT_EQ(TakeFrames<transport::ListConversations>().size(), 1U);
}

TEST_F(MachineTest, ChangesThatComeDuringTheListingAreKeptButTheCursorWaits) {
  Start();
  Connect(transport::Resume::kNoCursor, 7);
  Step(Received{ChangesOf(7, 8, {MessageOf("new", 4)})});
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplyMessage>().size(), 1U);
  EXPECT_TRUE(CommittedOps<store::SetCursor>().empty());
  transport::ConversationPage page;
  page.request = TakeFrames<transport::ListConversations>().at(0).request;
  Step(Received{page});
  Settle();
  EXPECT_EQ(CommittedOps<store::SetCursor>().at(0).cursor.position, 8U);
}

TEST_F(MachineTest, ARepeatedStretchOfChangesIsIgnored) {
  GoLive();
  Step(Received{ChangesOf(100, 101, {MessageOf("x", 9)})});
  Step(Received{ChangesOf(100, 101, {MessageOf("x", 9)})});
  Settle();
  EXPECT_EQ(CommittedOps<store::ApplyMessage>().size(), 1U);
}

TEST_F(MachineTest, AHoleInTheChangesReconnectsFromTheStoredCursor) {
  GoLive();
  Step(Received{ChangesOf(105, 106, {MessageOf("x", 9)})});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  Settle();
  EXPECT_TRUE(CommittedOps<store::ApplyMessage>().empty());
  Pass(limits::kReturnWindow);
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
  Step(Connected{});
  EXPECT_EQ(Take<SendHello>().at(0).cursor, (SyncCursor{"e1", 100}));
}

TEST_F(MachineTest, AFailedCommitIsFetchedAgainAndNeverSkipped) {
  GoLive();
  Step(Received{ChangesOf(100, 101, {MessageOf("x", 9)})});
  Step(Received{ChangesOf(101, 102, {MessageOf("y", 10)})});
  auto commits = Take<CommitBatch>();
  ASSERT_EQ(commits.size(), 2U);
  EXPECT_EQ(commits[0].batch.series, commits[1].batch.series);
  EXPECT_NE(commits[0].batch.series, 0U);
  Step(CommitFailed{commits[0].number, Error(ErrorCode::kResourceExhausted, "disk full")});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  Pass(limits::kReturnWindow + limits::kBackoffFirst);
  Step(TimerFired{});
  EXPECT_TRUE(Take<OpenConnection>().empty())
      << "commits of the last connection are still unanswered";
  Step(CommitFailed{commits[1].number,
                    Error(ErrorCode::kCancelled, "an earlier one of the series failed")});
  Settle();
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
  Step(Connected{});
  EXPECT_EQ(Take<SendHello>().at(0).cursor, (SyncCursor{"e1", 100}));
}

TEST_F(MachineTest, ARefusedTokenStopsTryingAndSaysSo) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Refused refused;
  refused.code = transport::RefusedCode::kUnauthenticated;
  Step(Received{refused});
  Settle();
  EXPECT_EQ(Shown(), State::kAuthRequired);
  EXPECT_FALSE(machine_.NextDeadline());
}

TEST_F(MachineTest, ATokenOfAnotherUserNeverSyncsIntoThisStore) {
  Start(SyncCursor{"e1", 100});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.user = UserId("bob");
  Step(Received{welcome});
  Settle();
  EXPECT_EQ(Shown(), State::kAuthRequired);
}

TEST_F(MachineTest, ASilentConnectionIsFoundWithinTwoHeartbeats) {
  GoLive();
  Pass(milliseconds(30'000));
  Step(TimerFired{});
  ASSERT_EQ(TakeFrames<transport::Ping>().size(), 1U);
  Pass(milliseconds(30'000));
  Step(TimerFired{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
}

TEST_F(MachineTest, APongKeepsTheConnection) {
  GoLive();
  Pass(milliseconds(30'000));
  Step(TimerFired{});
  Step(Received{transport::Pong{1}});
  Pass(milliseconds(29'999));
  Step(TimerFired{});
  EXPECT_TRUE(Take<CloseConnection>().empty());
}

TEST_F(MachineTest, ABackendThatAcceptsAndNeverAnswersIsGivenUp) {
  Start(SyncCursor{"e1", 100});
  Take<OpenConnection>();
  Step(Connected{});
  ASSERT_TRUE(machine_.NextDeadline());
  Pass(milliseconds(10'000));
  Step(TimerFired{});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  EXPECT_EQ(Shown(), State::kOffline);
}

TEST_F(MachineTest, ABackendThatOnlyAnswersPingsIsGivenUp) {
  GoLive();
  Queue(1, "c");
  for (int i = 0; i < 3; ++i) {
    Pass(milliseconds(20'000));
    Step(Received{transport::Pong{1}});
    Step(TimerFired{});
    EXPECT_EQ(Take<CloseConnection>().size(), i < 2 ? 0U : 1U) << i;
  }
}

TEST_F(MachineTest, AnInterruptionUnderThreeHundredMillisecondsIsNotShown) {
  GoLive();
  Step(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Settle();
  EXPECT_EQ(Shown(), State::kLive);
  Step(SyncNowAsked{});
  Pass(milliseconds(100));
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(Shown(), State::kLive);
  EXPECT_TRUE(Take<Publish>().empty());
}

TEST_F(MachineTest, ALongerInterruptionIsShownWithItsReason) {
  GoLive();
  Step(Disconnected{Error(ErrorCode::kOffline, "reset by peer", Trouble::kUnreachable)});
  Settle();
  Pass(milliseconds(300));
  Step(TimerFired{});
  EXPECT_EQ(Shown(), State::kOffline);
  EXPECT_EQ(shown_.reason, "reset by peer");
  EXPECT_EQ(shown_.trouble, Trouble::kUnreachable);
  EXPECT_TRUE(shown_.last_synced_at);
}

TEST_F(MachineTest, TroubleIsShownUntilThereIsAConnection) {
  Start(SyncCursor{"e1", 100});
  Step(Disconnected{Error(ErrorCode::kOffline, "other key", Trouble::kPin)});
  EXPECT_EQ(Shown(), State::kOffline);
  EXPECT_EQ(shown_.trouble, Trouble::kPin);
  Settle();
  Step(SyncNowAsked{});
  EXPECT_EQ(Shown(), State::kOffline);  // The attempt under way changes nothing for a person.
  EXPECT_EQ(shown_.trouble, Trouble::kPin);
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(Shown(), State::kLive);
  EXPECT_EQ(shown_.trouble, Trouble::kNone);
}

TEST_F(MachineTest, SyncNowEndsTheWaiting) {
  Start(SyncCursor{"e1", 100});
  for (int i = 0; i < 10; ++i) {
    Step(Disconnected{Error(ErrorCode::kOffline, "refused")});
    Settle();
    Pass(milliseconds(60'000));
    Step(TimerFired{});
  }
  Step(Disconnected{Error(ErrorCode::kOffline, "refused")});
  Settle();
  Take<OpenConnection>();
  Step(SyncNowAsked{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

TEST_F(MachineTest, OpeningSubscribesAndFetchesWhatIsMissing) {
  GoLive();
  gaps_ = {{ConversationId("c"), 4, 9, false}};
  Step(Opened{ConversationId("c")});
  Settle();
  ASSERT_EQ(TakeFrames<transport::Subscribe>().size(), 1U);
  EXPECT_EQ(looked_at_, std::vector{ConversationId("c")});
  EXPECT_EQ(TakeFrames<transport::GetHistory>().at(0).before, 10U);
  EXPECT_EQ(Shown(), State::kLive) << "opening a conversation is no catching-up";
}

TEST_F(MachineTest, ActiveConversationsAreSubscribedToOnEveryConnection) {
  Start(SyncCursor{"e1", 100}, {ConversationId("c"), ConversationId("d")});
  Connect(transport::Resume::kOk, 100);
  EXPECT_EQ(TakeFrames<transport::Subscribe>().at(0).add.size(), 2U);
}

TEST_F(MachineTest, TheBackendsLimitOfSubscriptionsIsKept) {
  Start(SyncCursor{"e1", 100}, {ConversationId("a"), ConversationId("b")});
  Step(Connected{});
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 100);
  welcome.limits.subscriptions = 2;
  Step(Received{welcome});
  Settle();
  EXPECT_EQ(TakeFrames<transport::Subscribe>().at(0).add.size(), 2U);
  Step(Opened{ConversationId("c")});
  const auto subscribe = TakeFrames<transport::Subscribe>();
  ASSERT_EQ(subscribe.size(), 1U);
  EXPECT_EQ(subscribe[0].add, std::vector{ConversationId("c")});
  EXPECT_EQ(subscribe[0].remove, std::vector{ConversationId("b")}) << "the least recently opened";
}

TEST_F(MachineTest, ARefusalOfNoRequestDoesNotEndTheSession) {
  GoLive();
  transport::Refused refused;
  refused.code = transport::RefusedCode::kTooLarge;
  Step(Received{refused});
  EXPECT_TRUE(Take<CloseConnection>().empty());
}

TEST_F(MachineTest, GoingAwayIsHonoured) {
  GoLive();
  Step(Received{transport::GoingAway{"restart", milliseconds(5'000)}});
  EXPECT_EQ(Take<CloseConnection>().size(), 1U);
  Settle();
  Pass(milliseconds(4'999));
  Step(TimerFired{});
  EXPECT_TRUE(Take<OpenConnection>().empty());
  Pass(limits::kReturnWindow + milliseconds(1));
  Step(TimerFired{});
  EXPECT_EQ(Take<OpenConnection>().size(), 1U);
}

TEST_F(MachineTest, EveryInputIsAnsweredInEveryState) {
  // Total: hostile or late inputs may do nothing, but never fail. Walks at random; a sanitizer
  // build is the judge.
  const std::uint64_t seed = 20'261'122;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  Start();
  for (int i = 0; i < 20'000; ++i) {
    switch (random() % 16) {
      case 0: Step(Connected{}); break;
      case 1: Step(Disconnected{Error(ErrorCode::kOffline, "x")}); break;
      case 2:
        Step(Received{Welcome(static_cast<transport::Resume>(random() % 4), random() % 200)});
        break;
      case 3:
        Step(Received{ChangesOf(random() % 200, random() % 200, {MessageOf("x", random() % 9)})});
        break;
      case 4: Step(Received{transport::Ack{random() % 50, MessageId("m"), "", 1, 1}}); break;
      case 5: {
        transport::Refused refused;
        refused.request = random() % 50;
        refused.code = static_cast<transport::RefusedCode>(random() % 11);
        Step(Received{refused});
        break;
      }
      case 6: {
        transport::History history;
        history.request = random() % 50;
        history.conversation = ConversationId("c");
        history.from = random() % 10;
        history.to = random() % 10;
        history.has_more = random() % 2 == 0;
        if (random() % 2 == 0) {
          transport::Histories several{history.request, {}};
          while (random() % 3 > 0) several.pages.push_back(history);
          Step(Received{several});
        } else {
          Step(Received{history});
        }
        break;
      }
      case 7: Step(Committed{random() % 50}); break;
      case 8: Step(CommitFailed{random() % 50, Error(ErrorCode::kInternal, "x")}); break;
      case 9: Step(PlanLoaded{{{{ConversationId("c"), 1, 1 + random() % 9, false}}, 5}}); break;
      case 10:
        switch (random() % 4) {
          case 0: Step(OutboxLoaded{}); break;
          case 1: Step(EntryGone{random() % 50}); break;
          case 2: Step(WorldChanged{}); break;
          default: {
            OutboxEntry entry;
            entry.position = 1 + random() % 20;
            entry.kind = static_cast<OutboxKind>(1 + random() % 4);
            entry.conversation = ConversationId(std::to_string(random() % 3));
            entry.message = MessageId(std::to_string(random() % 5));
            entry.base_revision = random() % 3;
            entry.delivery = static_cast<Delivery>(1 + random() % 6);
            entry.submitted_at = wall_;
            Step(OutboxChanged{1, {entry}, {random() % 20}});
            break;
          }
        }
        break;
      case 11: Step(Opened{ConversationId(std::to_string(random() % 300))}); break;
      case 12: Step(FetchWanted{{ConversationId("c"), 1, 5, GapReason::kLimited}}); break;
      case 13: Step(SyncNowAsked{}); break;
      case 14:
        Step(LoadFailed{static_cast<LoadFailed::What>(random() % 4),
                        Error(ErrorCode::kInternal, "x")});
        break;
      default:
        Pass(milliseconds(random() % 40'000));
        Step(TimerFired{});
        break;
    }
    actions_.clear();
  }
}

}  // namespace
}  // namespace hark::sync
