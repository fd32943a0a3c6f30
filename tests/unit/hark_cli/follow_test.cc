// The commands that follow something, against a fake daemon.

#include <csignal>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/hark_cli/cli_fixture.h"

namespace hark::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class FollowTest : public CliFixture {
 protected:
  FollowTest() {
    daemon_.Put(MakeConversation("c1", "First"));
    daemon_.Put(MakeMessage("c1", "m1", 1, "one"));
  }

  void PushMessage(const std::string& id, std::uint64_t sequence, const std::string& content) {
    v1::WatchMessagesResponse event;
    *event.mutable_delta()->add_upserted() = MakeMessage("c1", id, sequence, content);
    daemon_.Push("c1", std::move(event));
  }

  void SetState(v1::SyncStatus::State state) {
    v1::SyncStatus status;
    status.set_state(state);
    daemon_.SetStatus(status);
  }
};

TEST_F(FollowTest, TailShowsHistoryThenNewMessages) {
  CliProcess tail(path_, {"tail", "c1", "--count", "1"});
  EXPECT_THAT(tail.ReadLine(), HasSubstr("user       one"));
  EXPECT_EQ(daemon_.Calls("OpenConversation"), 1);
  PushMessage("m2", 2, "two");
  EXPECT_THAT(tail.ReadLine(), HasSubstr("assistant  two"));
  EXPECT_EQ(tail.Finish().code, 0);
}

TEST_F(FollowTest, TailWritesPartialAnswersAsEvents) {
  CliProcess tail(path_, {"tail", "c1", "--json", "--count", "1"});
  EXPECT_THAT(tail.ReadLine(),
              StartsWith(R"({"type":"message","snapshot":true,"new":false,"id":"m1",)"));
  v1::WatchMessagesResponse partial;
  partial.mutable_partial()->set_message_id("m2");
  partial.mutable_partial()->set_role(v1::ROLE_ASSISTANT);
  partial.mutable_partial()->set_text("tw");
  daemon_.Push("c1", partial);
  EXPECT_EQ(tail.ReadLine(),
            R"({"type":"partial","message_id":"m2","role":"assistant","text":"tw"})");
  PushMessage("m2", 2, "two");
  EXPECT_THAT(tail.ReadLine(),
              StartsWith(R"({"type":"message","snapshot":false,"new":true,"id":"m2",)"));
  EXPECT_EQ(tail.Finish().code, 0);
}

TEST_F(FollowTest, TailSurvivesARestartOfTheDaemon) {
  CliProcess tail(path_, {"tail", "c1", "--json", "--count", "1"});
  tail.ReadLine();
  daemon_.Stop();
  EXPECT_THAT(tail.ReadLine(), StartsWith(R"({"type":"disconnected")"));
  PushMessage("m2", 2, "while it was down");
  daemon_.Start();
  EXPECT_THAT(tail.ReadLine(), HasSubstr("while it was down"));
  EXPECT_EQ(tail.Finish().code, 0);
}

TEST_F(FollowTest, InterruptEndsTailWithSuccess) {
  CliProcess tail(path_, {"tail", "c1"});
  tail.ReadLine();
  tail.Signal(SIGINT);
  const CliResult result = tail.Finish();
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(FollowTest, ReaderThatGoesAwayEndsTail) {
  CliProcess tail(path_, {"tail", "c1"});
  tail.ReadLine();
  tail.CloseOutput();
  EXPECT_EQ(tail.Finish().code, 0);
}

TEST_F(FollowTest, TailOfAnUnknownConversationIsNotFound) {
  EXPECT_EQ(RunCli(path_, {"tail", "nope"}).code, 4);
}

TEST_F(FollowTest, TimeLimitWithoutWhatWasWaitedForIsSaid) {
  const CliResult counted = RunCli(path_, {"tail", "c1", "--count", "1", "--timeout", "0.05"});
  EXPECT_EQ(counted.code, 6);
  EXPECT_EQ(counted.err, "hark: not enough new messages came in time\n");
  EXPECT_EQ(RunCli(path_, {"tail", "c1", "--timeout", "0.05"}).code, 0);
}

TEST_F(FollowTest, ListOfConversationsIsFollowed) {
  CliProcess tail(path_, {"tail", "--limit", "1", "--count", "1", "--json"});
  EXPECT_THAT(tail.ReadLine(),
              StartsWith(R"({"type":"conversation","snapshot":true,"id":"c1","title":"First",)"));
  v1::WatchConversationsResponse event;
  *event.mutable_delta()->add_upserted() = MakeConversation("c9", "Ninth");
  daemon_.Push(event);
  EXPECT_THAT(tail.ReadLine(),
              StartsWith(R"({"type":"conversation","snapshot":false,"id":"c9","title":"Ninth",)"));
  EXPECT_EQ(tail.Finish().code, 0);
}

TEST_F(FollowTest, StatusIsFollowedUntilLive) {
  v1::SyncStatus syncing;
  syncing.set_state(v1::SyncStatus::STATE_CATCHING_UP);
  syncing.set_initial(true);
  syncing.mutable_progress()->set_done(10);
  syncing.mutable_progress()->set_total(40);
  daemon_.SetStatus(syncing);
  CliProcess status(path_, {"status", "--until-live"});
  EXPECT_THAT(status.ReadLine(),
              HasSubstr("loading conversation history, 10 of 40 messages (25 %)"));
  SetState(v1::SyncStatus::STATE_LIVE);
  EXPECT_THAT(status.ReadLine(), HasSubstr("live"));
  EXPECT_EQ(status.Finish().code, 0);
}

TEST_F(FollowTest, StatusWatchGoesOnAfterLive) {
  CliProcess status(path_, {"status", "--watch", "--json"});
  EXPECT_THAT(status.ReadLine(), StartsWith(R"({"type":"status","state":"live","live":true,)"));
  SetState(v1::SyncStatus::STATE_OFFLINE);
  EXPECT_THAT(status.ReadLine(), HasSubstr(R"("state":"offline")"));
  status.Signal(SIGTERM);
  EXPECT_EQ(status.Finish().code, 0);
}

TEST_F(FollowTest, SyncWaitsUntilLive) {
  EXPECT_EQ(RunCli(path_, {"sync", "--wait"}).code, 0);
  EXPECT_EQ(daemon_.Calls("SyncNow"), 1);
  SetState(v1::SyncStatus::STATE_OFFLINE);
  const CliResult late = RunCli(path_, {"sync", "--wait", "--timeout", "0.05"});
  EXPECT_EQ(late.code, 6);
  EXPECT_EQ(late.err, "hark: it is not live yet\n");
  SetState(v1::SyncStatus::STATE_SIGNED_OUT);
  EXPECT_EQ(RunCli(path_, {"status", "--until-live"}).code, 5);
}

TEST_F(FollowTest, ConnectTimeoutWaitsForTheDaemon) {
  daemon_.Stop();
  CliProcess version(path_, {"version", "--connect-timeout", "60"});
  daemon_.Start();
  EXPECT_EQ(version.Finish().code, 0);
}

}  // namespace
}  // namespace hark::test
