// hark draft, hark drafts, hark view against a fake daemon.

#include <string>

#include <gmock/gmock.h>

#include "hark/client.h"
#include "tests/unit/hark_cli/cli_fixture.h"

namespace hark::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kUsage = 2;
constexpr int kConflict = 8;

class UserStateCliTest : public CliFixture {};

TEST_F(UserStateCliTest, ADraftIsWrittenShownAndCleared) {
  EXPECT_EQ(Run({"draft", "c1"}).out, "no draft\n");
  EXPECT_EQ(Run({"draft", "c1", "some \x1b[31mtext"}).out, "draft kept, version 1\n");
  EXPECT_EQ(Run({"draft", "c1"}).out, "some \\x1b[31mtext\n") << "nothing drives the terminal";
  EXPECT_EQ(Run({"draft", "c1", "--stdin"}, "two\nlines\n").out, "draft kept, version 2\n");
  EXPECT_EQ(Run({"draft", "c1"}).out, "two\nlines\n");
  EXPECT_EQ(Run({"draft", "c1", "-"}, "dash").out, "draft kept, version 3\n");
  EXPECT_EQ(Run({"draft", "c1", "--clear"}).out, "no draft any more\n");
  EXPECT_EQ(Run({"draft", "c1"}).out, "no draft\n");
}

TEST_F(UserStateCliTest, JsonHasEveryField) {
  EXPECT_EQ(Run({"draft", "c1", "a \"b\"", "--json"}).out,
            R"({"type":"draft","conversation_id":"c1","text":"a \"b\"","version":1,)"
            R"("changed_at":"2023-11-14T22:13:20.000Z","conflict":false})"
            "\n");
  EXPECT_THAT(Run({"draft", "c2", "--json"}).out,
              HasSubstr(R"("text":"","version":0,"changed_at":null,"conflict":false})"));
  EXPECT_THAT(Run({"drafts", "--json"}).out,
              StartsWith(R"({"type":"draft","conversation_id":"c1",)"));
}

TEST_F(UserStateCliTest, AnOlderBaseIsAConflictThatShowsTheNewerDraft) {
  Run({"draft", "c1", "one"});
  Run({"draft", "c1", "two"});
  const CliResult late = Run({"draft", "c1", "three", "--base", "1", "--json"});
  EXPECT_EQ(late.code, kConflict);
  EXPECT_THAT(late.out, AllOf(HasSubstr(R"("text":"two")"), HasSubstr(R"("conflict":true)")));
  EXPECT_THAT(late.err, HasSubstr("changed meanwhile and has version 2"));
  EXPECT_EQ(Run({"draft", "c1", "three", "--base", "2"}).code, 0);
}

TEST_F(UserStateCliTest, WhatContradictsItselfIsWrongUsage) {
  EXPECT_EQ(Run({"draft"}).code, kUsage);
  EXPECT_EQ(Run({"draft", "c1", "text", "--clear"}).code, kUsage);
  EXPECT_EQ(Run({"draft", "c1", "text", "--stdin"}).code, kUsage);
  EXPECT_EQ(Run({"draft", "c1", "--clear", "--stdin"}).code, kUsage);
  EXPECT_EQ(Run({"drafts", "c1"}).code, kUsage) << "one of them: hark draft";
  EXPECT_EQ(Run({"view", "c1"}).code, kUsage);
}

TEST_F(UserStateCliTest, DraftsAreATable) {
  EXPECT_EQ(Run({"drafts"}).out, "no drafts\n");
  Run({"draft", "c1", "two\nlines"});
  EXPECT_THAT(Run({"drafts"}).out,
              AllOf(StartsWith("CONVERSATION"), HasSubstr("two lines"), Not(HasSubstr("c2"))));
}

TEST_F(UserStateCliTest, DraftsAreFollowed) {
  Run({"draft", "c1", "before"});
  CliProcess follower(path_, {"drafts", "--watch", "--count", "1", "--json"});
  EXPECT_THAT(follower.ReadLine(), HasSubstr(R"("text":"before")"));
  Run({"draft", "c1", "after"});
  EXPECT_THAT(follower.ReadLine(), HasSubstr(R"("text":"after")"));
  EXPECT_EQ(follower.Finish().code, 0);
}

TEST_F(UserStateCliTest, AViewSaysWhereItIs) {
  EXPECT_THAT(Run({"view", "c1", "desktop"}).out, HasSubstr("has not said"));
  EXPECT_EQ(Run({"view", "c1", "desktop", "--json"}).out,
            R"({"type":"view_state","conversation_id":"c1","ui":"desktop","message_id":null,)"
            R"("offset":null,"at_bottom":null,"nearest":null,"set_message_id":null,"set_at":null})"
            "\n");
  auto client = client::Client::Connect({.socket_path = path_});
  ASSERT_TRUE(client);
  client::SetViewStateRequest request{"c1", "desktop", "m7", -4, false};
  ASSERT_TRUE(client->SetViewState(request));
  EXPECT_THAT(Run({"view", "c1", "desktop"}).out, StartsWith("at m7, offset -4 ("));
  EXPECT_THAT(Run({"view", "c1", "desktop", "--json"}).out,
              HasSubstr(R"("message_id":"m7","offset":-4,"at_bottom":false,"nearest":false,)"));
  request.message_id = "gone";
  ASSERT_TRUE(client->SetViewState(request));
  EXPECT_THAT(Run({"view", "c1", "desktop"}).out, StartsWith("at m1, the nearest to gone ("));
  request.at_bottom = true;
  ASSERT_TRUE(client->SetViewState(request));
  EXPECT_THAT(Run({"view", "c1", "desktop"}).out, StartsWith("at the bottom ("));
}

}  // namespace
}  // namespace hark::test
