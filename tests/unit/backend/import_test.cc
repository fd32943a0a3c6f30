// Importing files of conversations.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/unit/backend/support.h"
#include "tools/backend/importer.h"

namespace hark::backend {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kGood[] =
    R"({"conversation_id":"x","title":"X","messages":[{"role":"user","content":"one"},)"
    R"({"role":"assistant","content":"two"}]})";

class ImportTest : public testing::Test {
 protected:
  Result<ImportSummary> Import(const std::string& text) {
    test::WriteBytes(dir_ / "file.jsonl", text);
    return ImportFile(*archive_, clock_, {dir_ / "file.jsonl", "user", 30},
                      [](const char*, double) {});
  }

  // The error of a file whose third line is `line`.
  std::string ErrorOfLine(const std::string& line) {
    const auto summary = Import(std::string(kGood) + "\n\n" + line + "\n");
    EXPECT_FALSE(summary);
    EXPECT_FALSE(archive_->FindConversation("user", "x"));
    return summary ? "" : summary.error().message;
  }

  static std::string WithMessage(const std::string& message) {
    return R"({"conversation_id":"y","title":"Y","messages":[)" + message + "]}";
  }

  test::ScratchFolder dir_;
  FakeClock clock_;
  std::unique_ptr<Archive> archive_ =
      std::move(*Archive::Open(dir_ / "archive.db", clock_, kDefaultChangeLogLimit));
};

TEST_F(ImportTest, ConversationIsStoredAsRead) {
  const auto summary = Import(kGood);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->conversations, 1U);
  EXPECT_EQ(summary->messages, 2U);
  const auto row = *archive_->FindConversation("user", "x");
  EXPECT_EQ(row.last_sequence, 2U);
  EXPECT_EQ(row.unread_count, 0U);
  EXPECT_EQ(row.preview, "two");
  EXPECT_EQ(row.last_activity_at, clock_.Now());
  const auto messages = *archive_->ReadRange(row.key, 1, 2);
  EXPECT_EQ(messages[0].id(), "x:1");
  EXPECT_EQ(messages[1].content(), "two");
  EXPECT_EQ(FromTimestamp(messages[1].created_at()), row.last_activity_at);
}

TEST_F(ImportTest, SameFileTwiceIsSkipped) {
  ASSERT_TRUE(Import(kGood));
  Message message = MakeMessage("later", "went on", "x");
  ASSERT_TRUE(archive_->Append("user", message));
  const auto again = Import(kGood);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->conversations, 0U);
  EXPECT_EQ(again->skipped, 1U);
  EXPECT_EQ(archive_->FindConversation("user", "x")->last_sequence, 3U);
}

TEST_F(ImportTest, ConversationThatDiffersIsAnErrorAndNothingIsStored) {
  ASSERT_TRUE(Import(kGood));
  const std::string fresh = R"({"conversation_id":"new","title":"N","messages":[]})";
  const auto shorter =
      Import(fresh + "\n" +
             R"({"conversation_id":"x","title":"X","messages":[{"role":"user","content":"one"}]})");
  EXPECT_THAT(shorter.error().message, StartsWith("line 2: "));
  EXPECT_FALSE(archive_->FindConversation("user", "new"));
  const auto other = Import(R"({"conversation_id":"x","title":"Other","messages":[]})");
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(ImportTest, BadLineIsNamedAndNothingIsStored) {
  EXPECT_THAT(ErrorOfLine("{nonsense"), StartsWith("line 3: "));
  EXPECT_THAT(ErrorOfLine("[]"), StartsWith("line 3: "));
  EXPECT_THAT(ErrorOfLine("{}"), HasSubstr("conversation_id"));
  EXPECT_THAT(ErrorOfLine(kGood), HasSubstr("used on a line before"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"robot","content":"c"})")), HasSubstr("role"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":""})")),
              HasSubstr("line 3: message 1: the content is empty"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user"})")), HasSubstr("\"content\" is missing"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":7})")), HasSubstr("not a text"));
  EXPECT_THAT(ErrorOfLine(WithMessage("{\"role\":\"user\",\"content\":\"\xff\"}")),
              HasSubstr("not valid JSON in UTF-8"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":"\ud800"})")),
              StartsWith("line 3: "));
  EXPECT_THAT(
      ErrorOfLine(WithMessage(R"({"role":"user","content":")" + std::string(65'537, 'x') + "\"}")),
      HasSubstr("longer than 65536"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":"c","created_at":"soon"})")),
              HasSubstr("created_at"));
  EXPECT_THAT(ErrorOfLine(std::string(100'000, '[')), StartsWith("line 3: "));
}

TEST_F(ImportTest, AssistantThatSaidNothingIsKept) {
  // Real histories have such messages; without them every sequence behind would be another.
  ASSERT_TRUE(Import(WithMessage(R"({"role":"assistant","content":""})")));
  EXPECT_EQ(archive_->FindConversation("user", "y")->last_sequence, 1U);
}

TEST_F(ImportTest, OptionalFieldsAreKept) {
  ASSERT_TRUE(Import(WithMessage(
      R"({"role":"system","content":"c","id":"own","created_at":"2020-01-02T03:04:05.5Z",)"
      R"("content_type":"text/markdown","metadata":{"k":"v"}})")));
  const auto row = *archive_->FindConversation("user", "y");
  const Message message = archive_->ReadRange(row.key, 1, 1)->front();
  EXPECT_EQ(message.id(), "own");
  EXPECT_EQ(message.created_at().seconds(), 1'577'934'245);
  EXPECT_EQ(message.created_at().nanos(), 500'000'000);
  EXPECT_EQ(message.content_type(), "text/markdown");
  EXPECT_EQ(message.metadata().at("k"), "v");
}

TEST_F(ImportTest, WhatBecameOfAMessageIsKept) {
  ASSERT_TRUE(
      Import(R"({"conversation_id":"y","title":"Y","read_sequence":1,"messages":[)"
             R"({"role":"user","content":"c","revision":3,"edited_at":"2020-01-02T03:04:05.5Z"},)"
             R"({"role":"assistant","content":"news"},)"
             R"({"role":"user","content":"","deleted":true,"revision":2}]})"));
  const auto row = *archive_->FindConversation("user", "y");
  EXPECT_EQ(row.last_sequence, 3U);
  EXPECT_EQ(row.message_count, 2U);
  EXPECT_EQ(row.read_sequence, 1U);
  EXPECT_EQ(row.unread_count, 1U);
  EXPECT_EQ(row.preview, "news");
  const auto messages = *archive_->ReadRange(row.key, 1, 3);
  EXPECT_EQ(messages[0].revision(), 3U);
  EXPECT_EQ(messages[0].edited_at().seconds(), 1'577'934'245);
  EXPECT_EQ(messages[1].revision(), 1U);
  EXPECT_TRUE(messages[2].deleted());
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":"c","deleted":true})")),
              HasSubstr("deleted message has a content"));
  EXPECT_THAT(ErrorOfLine(WithMessage(R"({"role":"user","content":"c","revision":0})")),
              HasSubstr("\"revision\""));
}

TEST_F(ImportTest, LaterLinesAreLaterAndAllWithinTheDays) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += R"({"conversation_id":"k)" + std::to_string(i) +
            R"(","title":"","messages":[]})"
            "\n";
  }
  ASSERT_TRUE(Import(text));
  const auto page = *archive_->ListConversations("user", "", 20);
  ASSERT_EQ(page.conversations.size(), 10U);
  EXPECT_EQ(page.conversations.front().id(), "k9");
  EXPECT_EQ(page.conversations.back().id(), "k0");
  EXPECT_GE(FromTimestamp(page.conversations.back().last_activity_at()),
            clock_.Now() - std::chrono::hours(24 * 30));
}

TEST_F(ImportTest, MissingAndDamagedFilesAreErrors) {
  const auto none =
      ImportFile(*archive_, clock_, {dir_ / "none", "user", 30}, [](const char*, double) {});
  EXPECT_THAT(none.error().message, HasSubstr("cannot read"));
  EXPECT_FALSE(Import(std::string("\x28\xb5\x2f\xfd", 4) + "damaged"));
}

}  // namespace
}  // namespace hark::backend
