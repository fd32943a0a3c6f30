// hark outbox, against a fake daemon.

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "tests/unit/hark_cli/cli_fixture.h"

namespace hark::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliOutboxTest : public CliFixture {
 protected:
  CliOutboxTest() {
    daemon_.Put(MakeConversation("c1", "First"));
    daemon_.Put(MakeConversation("c2", "Second"));
  }

  CliResult Run(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "outbox");
    return CliFixture::Run(std::move(arguments));
  }

  static v1::OutboxEntry Failed(const std::string& conversation, const std::string& message,
                                v1::OutboxEntry::Kind kind, bool can_retry) {
    v1::OutboxEntry entry =
        MakeOutboxEntry(conversation, message, v1::DELIVERY_STATE_FAILED, "what was written");
    entry.set_kind(kind);
    entry.mutable_failure()->set_reason("PERMISSION");
    entry.mutable_failure()->set_message("The server does not allow this.");
    entry.mutable_failure()->set_can_retry(can_retry);
    return entry;
  }
};

TEST_F(CliOutboxTest, EntriesSayWhatWaitsAndCannotDriveTheTerminal) {
  daemon_.Put(MakeOutboxEntry("c1", "m1", v1::DELIVERY_STATE_QUEUED, "one\x1b[2J and\nmore"));
  v1::OutboxEntry cut = MakeOutboxEntry("c2", "m2", v1::DELIVERY_STATE_UNKNOWN, "the beginning");
  cut.set_preview_cut(true);
  daemon_.Put(cut);
  const CliResult listed = Run();
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.out,
            "queued     send    2023-11-14 22:13  c1  m1\n"
            "    one\\x1b[2J and more\n"
            "no answer  send    2023-11-14 22:13  c2  m2\n"
            "    the beginning…\n");
  EXPECT_THAT(Run({"c2"}).out, AllOf(HasSubstr("m2"), Not(HasSubstr("m1"))));
}

TEST_F(CliOutboxTest, WhatFailedSaysWhyAndWhatToDo) {
  daemon_.Put(MakeOutboxEntry("c1", "m0", v1::DELIVERY_STATE_QUEUED, "waits"));
  daemon_.Put(Failed("c1", "m1", v1::OutboxEntry::KIND_SEND, true));
  EXPECT_THAT(Run().out,
              EndsWith("failed     send    2023-11-14 22:13  c1  m1\n"
                       "    what was written\n"
                       "    [failed: The server does not allow this; it can be tried again]\n"
                       "--- waits for you: hark retry c1 m1, or hark cancel c1 m1 to give it up, "
                       "or hark skip c1 m1 to let later ones pass ---\n"));
  daemon_.Put(MakeOutboxEntry("c2", "m2", v1::DELIVERY_STATE_EXPIRED, "old"));
  const CliResult failed = Run({"--failed"});
  EXPECT_THAT(failed.out,
              AllOf(Not(HasSubstr("m0")), HasSubstr("[expired: it waited too long"),
                    HasSubstr("--- 2 wait for you; the first: hark retry c1 m1, or"),
                    EndsWith("to let later ones pass; all again: hark retry --all ---\n")));
}

TEST_F(CliOutboxTest, OnlyWhatFitsIsOffered) {
  daemon_.Put(Failed("c1", "m1", v1::OutboxEntry::KIND_SEND, false));
  EXPECT_THAT(Run({"c1"}).out,
              AllOf(HasSubstr("hark edit c1 m1 TEXT, or hark cancel c1 m1 to give it up, or hark "
                              "skip c1 m1"),
                    Not(HasSubstr("hark retry"))));
  v1::OutboxEntry lost = Failed("c2", "m2", v1::OutboxEntry::KIND_EDIT, true);
  lost.set_message_is_here(false);
  daemon_.Put(Failed("c1", "m3", v1::OutboxEntry::KIND_SEND, true));
  EXPECT_THAT(Run({"c1", "--failed", "--limit", "1"}).out,
              HasSubstr("--- 1 of 2 entries; all: hark outbox c1 --failed --all ---\n"));
  EXPECT_THAT(Run({"c1"}).out, EndsWith("; all again: hark retry c1 ---\n"));
  daemon_.Put(lost);
  EXPECT_THAT(Run({"c2"}).out,
              EndsWith("    [the message itself is not on this machine]\n"
                       "--- waits for you: hark retry c2 m2, or hark cancel c2 m2 to give it up "
                       "---\n"));
}

TEST_F(CliOutboxTest, LimitGoesOverPages) {
  for (int i = 0; i < 450; ++i)
    daemon_.Put(MakeOutboxEntry("c1", "m" + std::to_string(i), v1::DELIVERY_STATE_QUEUED, "text"));
  EXPECT_THAT(Run().out, EndsWith("--- 50 of 450 entries; all: hark outbox --all ---\n"));
  EXPECT_THAT(Run({"c1", "--limit", "1"}).out,
              EndsWith("--- 1 of 450 entries; all: hark outbox c1 --all ---\n"));
  const CliResult some = Run({"--limit", "230", "--json"});
  EXPECT_EQ(Lines(some.out), 231U);
  EXPECT_THAT(some.out, EndsWith(R"({"type":"outbox","count":230,"total_count":450,)"
                                 R"("has_more":true})"
                                 "\n"));
  EXPECT_EQ(daemon_.outbox_requests().back().page_size(), 30U);
  EXPECT_EQ(Lines(Run({"--all"}).out), 900U);
  EXPECT_EQ(Run({"--all", "--limit", "3"}).code, 2);
}

TEST_F(CliOutboxTest, JsonIsOneObjectALine) {
  daemon_.Put(Failed("c1", "m1", v1::OutboxEntry::KIND_EDIT, true));
  v1::OutboxEntry deletion = MakeOutboxEntry("c2", "m2", v1::DELIVERY_STATE_SENDING, "");
  deletion.set_kind(v1::OutboxEntry::KIND_DELETE);
  deletion.clear_content_type();
  daemon_.Put(deletion);
  const CliResult listed = Run({"--json"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.out,
            R"({"type":"outbox_entry","position":1,"kind":"edit","conversation_id":"c1",)"
            R"("message_id":"m1","delivery":"failed","failure_reason":"PERMISSION",)"
            R"("failure_message":"The server does not allow this.","can_retry":true,)"
            R"("retry_after_ms":0,"skipped":false,"submitted_at":"2023-11-14T22:13:20.000Z",)"
            R"("content_type":"text/plain","preview":"what was written","preview_cut":false,)"
            R"("message_is_here":true})"
            "\n"
            R"({"type":"outbox_entry","position":2,"kind":"delete","conversation_id":"c2",)"
            R"("message_id":"m2","delivery":"sending","failure_reason":null,)"
            R"("failure_message":null,"can_retry":null,"retry_after_ms":null,"skipped":false,)"
            R"("submitted_at":"2023-11-14T22:13:20.000Z","content_type":"","preview":"",)"
            R"("preview_cut":false,"message_is_here":true})"
            "\n"
            R"({"type":"outbox","count":2,"total_count":2,"has_more":false})"
            "\n");
}

TEST_F(CliOutboxTest, NothingThereIsNoError) {
  EXPECT_EQ(Run().out, "nothing waits to be delivered\n");
  EXPECT_EQ(Run({"--failed"}).out, "nothing has failed\n");
  EXPECT_EQ(Run({"none"}).code, 4);
  daemon_.FailNext("ListOutbox", grpc::StatusCode::UNIMPLEMENTED, "");
  EXPECT_NE(Run().code, 0);
}

// A daemon that acted on the change of a message that is not here knows no more of it.
TEST_F(CliOutboxTest, WhatIsDoneToAMessageThatIsNotHereIsNotCalledSent) {
  v1::Message lost;
  lost.set_id("m1");
  lost.set_conversation_id("c1");
  lost.set_delivery(v1::DELIVERY_STATE_SENT);
  daemon_.Put(lost);
  EXPECT_THAT(RunCli(path_, {"skip", "c1", "m1"}).out,
              AllOf(StartsWith("nothing waits"), EndsWith("not here:  m1\n")));
}

}  // namespace
}  // namespace hark::test
