// hark search, against a fake daemon.

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
using testing::HasSubstr;
using testing::Not;

class CliSearchTest : public CliFixture {
 protected:
  CliSearchTest() {
    daemon_.Put(MakeConversation("c1", "First"));
    for (std::uint64_t i = 1; i <= 250; ++i)
      daemon_.Put(MakeMessage("c1", "m" + std::to_string(i), i, "a word\x1b[2J and\nmore"));
    daemon_.Put(MakeMessage("c2", "n1", 1, "only here"));
  }

  CliResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "search");
    return CliFixture::Run(std::move(arguments));
  }
};

TEST_F(CliSearchTest, HitsAreTwoLinesEachAndCannotDriveTheTerminal) {
  const CliResult found = Run({"word"});
  EXPECT_EQ(found.code, 0);
  EXPECT_EQ(Lines(found.out), 2U * 20 + 1);
  EXPECT_THAT(found.out, AllOf(HasSubstr("m250\n    a word\\x1b[2J and more\n"),
                               HasSubstr("--- 20 of 250 messages; more: --limit N ---"),
                               Not(HasSubstr("\x1b"))));
}

TEST_F(CliSearchTest, LimitGoesOverPages) {
  const CliResult found = Run({"word", "--limit", "230"});
  EXPECT_EQ(Lines(found.out), 2U * 230 + 1);
  ASSERT_EQ(daemon_.searches().size(), 3U);
  EXPECT_EQ(daemon_.searches()[2].page_size(), 30U);
}

TEST_F(CliSearchTest, OptionsArrive) {
  EXPECT_EQ(Run({"only", "--conversation", "c2", "--newest"}).code, 0);
  const v1::SearchMessagesRequest request = daemon_.searches().at(0);
  EXPECT_EQ(request.conversation_id(), "c2");
  EXPECT_EQ(request.order(), v1::SearchMessagesRequest::ORDER_NEWEST);
}

TEST_F(CliSearchTest, JsonIsOneObjectALine) {
  const CliResult found = Run({"only", "--json"});
  EXPECT_EQ(found.code, 0);
  EXPECT_EQ(Lines(found.out), 2U);
  EXPECT_THAT(found.out,
              AllOf(HasSubstr(R"("message_id":"n1","conversation_id":"c2")"),
                    HasSubstr(R"("snippet":"only here","highlights":[{"start":0,"length":4}],)"),
                    HasSubstr(R"({"type":"search","count":1,"total_count":1,"has_more":false,)"
                              R"("index_complete":true,"indexed":0,"to_index":0})")));
}

TEST_F(CliSearchTest, NothingFoundIsNoError) {
  const CliResult nothing = Run({"nowhere"});
  EXPECT_EQ(nothing.code, 0);
  EXPECT_EQ(nothing.out, "no message found\n");
}

TEST_F(CliSearchTest, AnIndexUnderWayIsSaid) {
  v1::SearchIndexState index;
  index.set_indexed(3'000);
  index.set_total(10'000);
  daemon_.SetSearchIndex(index);
  EXPECT_THAT(Run({"only"}).out,
              HasSubstr("[the search index is not complete yet: 3,000 of about 10,000 messages]"));
}

TEST_F(CliSearchTest, WhatCannotBeReadIsSaidOnStderr) {
  daemon_.FailNext("SearchMessages", grpc::StatusCode::INVALID_ARGUMENT,
                   "the search cannot be read: a quotation mark is not closed (character 1)");
  const CliResult refused = Run({"\"word"});
  EXPECT_EQ(refused.code, 7);
  EXPECT_THAT(refused.err, HasSubstr("a quotation mark is not closed (character 1)"));
  EXPECT_EQ(refused.out, "");
}

}  // namespace
}  // namespace hark::test
