// The commands that end by themselves, against a fake daemon.

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>

#include <gmock/gmock.h>
#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "tests/unit/hark_cli/cli_fixture.h"

namespace hark::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliTest : public CliFixture {
 protected:
  CliTest() {
    daemon_.Put(MakeConversation("c1", "First \x1b[31mred"));
    for (std::uint64_t i = 1; i <= 450; ++i) {
      daemon_.Put(MakeMessage("c1", "m" + std::to_string(i), i, "text " + std::to_string(i)));
    }
    for (int i = 2; i <= 250; ++i)
      daemon_.Put(MakeConversation("c" + std::to_string(i), "Another"));
  }
};

TEST_F(CliTest, StatusSaysWhatAndSinceWhen) {
  v1::SyncStatus status;
  status.set_state(v1::SyncStatus::STATE_OFFLINE);
  status.set_reason("The backend does not answer.");
  status.set_trouble(v1::SyncStatus::TROUBLE_TIMEOUT);
  status.mutable_last_synced_at()->set_seconds(1'700'000'000);
  status.set_pending_count(2);
  daemon_.SetStatus(status);
  const CliResult text = Run({"status"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(
      text.out,
      AllOf(HasSubstr("offline: The backend does not answer"),
            HasSubstr("as of 2023-11-14 22:13:20"), HasSubstr("alice at wss://backend.example"),
            HasSubstr("2 messages or read markers wait to be delivered: hark outbox\n")));
  const CliResult json = Run({"status", "--json"});
  EXPECT_THAT(
      json.out,
      StartsWith(
          R"({"type":"status","state":"offline","live":false,"since":null,)"
          R"("reason":"The backend does not answer.","trouble":"timeout",)"
          R"("progress_done":null,"progress_total":null,)"
          R"("initial":false,"next_attempt_at":null,"last_synced_at":"2023-11-14T22:13:20.000Z",)"
          R"("pending_count":2,"account_state":"signed_in","user_id":"alice",)"));
  EXPECT_EQ(Lines(json.out), 1U);
}

TEST_F(CliTest, ConversationsAreATableOrLines) {
  const CliResult table = Run({"conversations", "--limit", "3"});
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, AllOf(StartsWith("ID  LAST ACTIVITY"), HasSubstr("First \\x1b[31mred"),
                               HasSubstr("3 of 250 conversations"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(Lines(Run({"conversations", "--json"}).out), 50U);
  EXPECT_EQ(Lines(Run({"conversations", "--json", "--all"}).out), 250U);
  EXPECT_EQ(Lines(Run({"--json", "conversations", "--limit", "201"}).out), 201U);
}

TEST_F(CliTest, MessagesAreOldestFirst) {
  const CliResult text = Run({"messages", "c1", "--limit", "2"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("assistant  text 450\n"),
                              HasSubstr("older: hark messages c1 --before m449")));
  EXPECT_LT(text.out.find("text 449"), text.out.find("text 450"));
  const CliResult before = Run({"messages", "c1", "--limit", "1", "--before", "m10", "--json"});
  EXPECT_THAT(
      before.out,
      StartsWith(R"({"type":"message","id":"m9","conversation_id":"c1","role":"user",)"
                 R"("content":"text 9","content_type":"text/plain","metadata":{},)"
                 R"("created_at":"2023-11-14T22:13:29.000Z","edited_at":null,"sequence":9,)"));
}

TEST_F(CliTest, MessagesGoOnAfterOneOrLieAroundIt) {
  const CliResult after = Run({"messages", "c1", "--limit", "250", "--after", "m100", "--json"});
  EXPECT_EQ(after.code, 0);
  EXPECT_EQ(Lines(after.out), 250U);
  EXPECT_THAT(after.out, StartsWith(R"({"type":"message","id":"m101")"));
  EXPECT_EQ(Lines(Run({"messages", "c1", "--all", "--after", "m100", "--json"}).out), 350U);
  EXPECT_THAT(Run({"messages", "c1", "--limit", "2", "--after", "m100"}).out,
              HasSubstr("newer: hark messages c1 --after m102"));
  const CliResult around = Run({"messages", "c1", "--limit", "3", "--around", "m100"});
  EXPECT_THAT(around.out, AllOf(HasSubstr("text 99"), HasSubstr("text 100"), HasSubstr("text 101"),
                                HasSubstr("older: hark messages c1 --before m99"),
                                HasSubstr("newer: hark messages c1 --after m101")));
  EXPECT_EQ(Run({"messages", "c1", "--after", "m1", "--before", "m2"}).code, 2);
  EXPECT_EQ(Run({"messages", "c1", "--after", "none"}).code, 4);
}

TEST_F(CliTest, AllMessagesGoBackToTheBeginning) {
  const CliResult all = Run({"messages", "c1", "--all", "--json"});
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(Lines(all.out), 450U);
  EXPECT_THAT(all.out, StartsWith(R"({"type":"message","id":"m1",)"));
}

TEST_F(CliTest, AllMessagesAreFetchedThroughAGap) {
  daemon_.PutGap("c1", 100, 150);
  const CliResult cached = Run({"messages", "c1", "--all", "--json", "--cache-only"});
  EXPECT_EQ(cached.code, 0);
  EXPECT_EQ(Lines(cached.out), 301U);
  EXPECT_THAT(
      cached.out,
      StartsWith(R"({"type":"gap","from_sequence":100,"to_sequence":150,"reason":"not_fetched"})"));
  const CliResult text = Run({"messages", "c1", "--all", "--cache-only"});
  EXPECT_THAT(text.out, StartsWith("--- 51 messages are missing here: not fetched yet ---"));
  EXPECT_EQ(Lines(Run({"messages", "c1", "--all", "--json"}).out), 450U);
}

TEST_F(CliTest, SendTakesArgumentsAndStdin) {
  const CliResult sent = Run({"send", "c2", "hello"});
  EXPECT_EQ(sent.code, 0);
  EXPECT_THAT(sent.out, StartsWith("queued  "));
  const CliResult piped =
      Run({"send", "c2", "-", "--json", "--type", "text/markdown"}, "two\nlines\n");
  EXPECT_EQ(piped.code, 0);
  EXPECT_THAT(piped.out,
              AllOf(HasSubstr(R"("content":"two\nlines")"), HasSubstr(R"("delivery":"queued")"),
                    HasSubstr(R"("content_type":"text/markdown")")));
  EXPECT_EQ(Run({"send", "c2", "--", "--dashes"}).code, 0);
  EXPECT_EQ(daemon_.sends().back().content(), "--dashes");
}

TEST_F(CliTest, MessagesAreEditedAndDeleted) {
  const CliResult edited = Run({"edit", "c1", "m449", "better"});
  EXPECT_EQ(edited.code, 0);
  EXPECT_EQ(edited.out, "edit queued  m449\n");
  const CliResult json = Run({"edit", "c1", "m449", "-", "--json"}, "from stdin\n");
  EXPECT_THAT(
      json.out,
      AllOf(StartsWith(R"({"type":"message","id":"m449",)"), HasSubstr(R"("content":"from stdin")"),
            HasSubstr(R"("failure_reason":null,"failure_message":null,"can_retry":null,)"
                      R"("retry_after_ms":null,"pending_change":{"kind":"edit",)"
                      R"("delivery":"queued","failure_reason":null,"failure_message":null,)"
                      R"("can_retry":null,"retry_after_ms":null,"content":null}})")));
  EXPECT_EQ(Run({"delete", "c1", "m449"}).out, "deletion queued  m449\n");
  const CliResult late = Run({"edit", "c1", "m449", "too late"});
  EXPECT_EQ(late.code, 8);
  EXPECT_EQ(late.err, "hark: The action does not fit the message\n");
  EXPECT_EQ(Run({"delete", "c1", "none"}).code, 4);
  EXPECT_EQ(Run({"edit", "c1", "m1", ""}).code, 7);
  EXPECT_EQ(Run({"edit", "c1", "m1"}).code, 2);
}

TEST_F(CliTest, FailedMessagesAreShownRetriedSkippedAndCancelled) {
  v1::Message failed = MakeMessage("c2", "f", 0, "too much");
  failed.set_delivery(v1::DELIVERY_STATE_FAILED);
  failed.mutable_failure()->set_reason("TOO_LARGE");
  failed.mutable_failure()->set_message("It is too large.");
  failed.mutable_failure()->set_can_retry(true);
  failed.mutable_failure()->set_retry_after_ms(90'000);
  daemon_.Put(failed);
  const char* note = "failed: It is too large; it can be tried again in ";
  EXPECT_THAT(Run({"messages", "c2"}).out, HasSubstr(std::string("[") + note));
  EXPECT_THAT(Run({"messages", "c2", "--json"}).out,
              HasSubstr(R"("failure_reason":"TOO_LARGE","failure_message":"It is too large.",)"
                        R"("can_retry":true,"retry_after_ms":90000,"pending_change":null})"));
  EXPECT_THAT(Run({"skip", "c2", "f"}).out, StartsWith(note));
  EXPECT_EQ(Run({"retry", "c2", "f"}).out, "queued  f\n");
  EXPECT_EQ(Run({"cancel", "c2", "f"}).out, "cancelled  f\n");
  EXPECT_EQ(Run({"cancel", "c1", "m1"}).code, 8);
  EXPECT_EQ(Run({"retry", "c1"}).out, "3 are queued again\n");
  EXPECT_EQ(Run({"retry", "--all", "--json"}).out, "{\"type\":\"retried\",\"count\":7}\n");
  EXPECT_EQ(Run({"retry"}).code, 2);
  EXPECT_EQ(Run({"retry", "c1", "--all"}).code, 2);
  EXPECT_EQ(Run({"retry", "nope"}).code, 4);
}

TEST_F(CliTest, TextOfALostEditIsShown) {
  v1::Message message = MakeMessage("c2", "m", 1, "theirs");
  v1::PendingChange& change = *message.mutable_pending_change();
  change.set_kind(v1::PendingChange::KIND_EDIT);
  change.set_delivery(v1::DELIVERY_STATE_FAILED);
  change.mutable_failure()->set_reason("CONFLICT");
  change.mutable_failure()->set_message("It was changed meanwhile.");
  change.set_content("mine\nof two lines");
  daemon_.Put(message);
  EXPECT_THAT(Run({"messages", "c2"}).out,
              AllOf(HasSubstr("theirs\n"), HasSubstr("[edit failed: It was changed meanwhile]\n"),
                    HasSubstr("| mine\n"), HasSubstr("| of two lines\n")));
  EXPECT_THAT(Run({"messages", "c2", "--json"}).out,
              HasSubstr(R"("failure_reason":"CONFLICT",)"
                        R"("failure_message":"It was changed meanwhile.","can_retry":false,)"
                        R"("retry_after_ms":0,"content":"mine\nof two lines"}})"));
}

TEST_F(CliTest, InvalidMessagesAreRefusedWithASentence) {
  const CliResult empty = Run({"send", "c2", ""});
  EXPECT_EQ(empty.code, 7);
  EXPECT_EQ(empty.err, "hark: the message is empty\n");
  EXPECT_EQ(Run({"send", "c2", "-"}, std::string(65'537, 'x')).code, 7);
  EXPECT_EQ(Run({"send", "c2", "-"}, std::string(65'536, 'x')).code, 0);
  EXPECT_EQ(Run({"send", "c2", "\xFF"}).code, 7);
  EXPECT_EQ(Run({"send", "c2", "x", "--id", "no-uuid"}).code, 7);
  EXPECT_EQ(Run({"send", "nope", "x"}).code, 4);
}

TEST_F(CliTest, TokenComesFromStdinOnly) {
  const CliResult in = Run({"sign-in", "--token-stdin"}, "right\n");
  EXPECT_EQ(in.code, 0);
  EXPECT_THAT(in.out, HasSubstr("signed in as alice"));
  const CliResult wrong = Run({"sign-in", "--token-stdin"}, "wrong");
  EXPECT_EQ(wrong.code, 5);
  EXPECT_EQ(wrong.err, "hark: The backend refused the token\n");
  EXPECT_EQ(Run({"sign-in"}).code, 2);
  EXPECT_EQ(Run({"sign-in", "--token-stdin"}, "").code, 7);
  EXPECT_EQ(Run({"sign-in", "--token-stdin"}, std::string(5000, 'x')).code, 7);
  EXPECT_EQ(Run({"sign-out"}).code, 0);
}

TEST_F(CliTest, SmallCommandsWork) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"open", "c1"},
                                             {"close", "c1"},
                                             {"read", "c1"},
                                             {"read", "c1", "m3"},
                                             {"sync"},
                                             {"stats"},
                                             {"version"}}) {
    const CliResult text = Run(command);
    EXPECT_EQ(text.code, 0) << command[0] << text.err;
    EXPECT_FALSE(text.out.empty()) << command[0];
    std::vector<std::string> with_json = command;
    with_json.emplace_back("--json");
    EXPECT_THAT(Run(with_json).out, StartsWith(R"({"type":")")) << command[0];
  }
  EXPECT_THAT(Run({"stats"}).out,
              AllOf(HasSubstr("1,234,567"), HasSubstr("90 % whole from the cache")));
}

TEST_F(CliTest, EachFailureHasItsExitCode) {
  const std::pair<grpc::StatusCode, int> expected[] = {{grpc::StatusCode::INTERNAL, 1},
                                                       {grpc::StatusCode::NOT_FOUND, 4},
                                                       {grpc::StatusCode::FAILED_PRECONDITION, 5},
                                                       {grpc::StatusCode::UNAUTHENTICATED, 5},
                                                       {grpc::StatusCode::UNAVAILABLE, 6},
                                                       {grpc::StatusCode::INVALID_ARGUMENT, 7},
                                                       {grpc::StatusCode::ALREADY_EXISTS, 8},
                                                       {grpc::StatusCode::RESOURCE_EXHAUSTED, 9}};
  for (const auto& [status, code] : expected) {
    daemon_.FailNext("SendMessage", status, "It did not work.");
    const CliResult result = Run({"send", "c1", "x"});
    EXPECT_EQ(result.code, code);
    EXPECT_THAT(result.err, AllOf(StartsWith("hark: "), HasSubstr("t did not work")));
    EXPECT_EQ(Lines(result.err), 1U);
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(CliTest, WrongUsageIsSaid) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"messages"},
                                             {"status", "--nonsense"},
                                             {"messages", "c1", "--limit", "0"},
                                             {"messages", "c1", "--limit", "x"},
                                             {"messages", "c1", "--limit", "3", "--all"},
                                             {"tail", "--count", "-1"}}) {
    const CliResult result = Run(command);
    EXPECT_EQ(result.code, 2);
    EXPECT_FALSE(result.err.empty());
  }
}

TEST_F(CliTest, HelpNamesCommandsAndExitCodes) {
  const CliResult help = Run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("conversations"), HasSubstr("Exit codes:"),
                              HasSubstr("HARK_SOCKET")));
  EXPECT_THAT(Run({"--version"}).out, StartsWith("hark "));
}

TEST_F(CliTest, MissingDaemonIsNamed) {
  daemon_.Stop();
  const CliResult result = Run({"status"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.err, "hark: no daemon is running: there is no socket at " + path_ +
                            "; start it with \"hark service install\" or harkd, or see \"hark "
                            "doctor\"\n");
  const CliResult longer = Run({"status", "--socket", "/" + std::string(200, 'x')});
  EXPECT_EQ(longer.code, 7);
  EXPECT_THAT(longer.err, HasSubstr("at most 107"));
}

TEST_F(CliTest, SocketFlagWinsOverTheEnvironment) {
  EXPECT_EQ(RunCli("/nonexistent/harkd.sock", {"version", "--socket", path_}).code, 0);
  EXPECT_EQ(RunCli("/nonexistent/harkd.sock", {"version"}).code, 3);
}

TEST_F(CliTest, ReaderThatGoesAwayIsNoError) {
  CliProcess process(path_, {"messages", "c1", "--all", "--json"});
  process.CloseOutput();
  const CliResult result = process.Finish();
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(CliTest, FullDiskIsAnError) {
  const std::string command =
      std::string(HARK_CLI) + " conversations --socket " + path_ + " >/dev/full 2>&1";
  const int status =
      std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe): the test has one thread
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace hark::test
