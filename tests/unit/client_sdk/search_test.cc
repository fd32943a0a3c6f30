// Searching through the SDK, against a fake daemon on a real Unix socket.

#include <string>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

class SdkSearchTest : public FakeDaemonTest {
 protected:
  SdkSearchTest() {
    daemon_.Put(test::MakeConversation("c1", "First"));
    daemon_.Put(test::MakeConversation("c2", "Second"));
    for (std::uint64_t i = 1; i <= 5; ++i) {
      daemon_.Put(
          test::MakeMessage("c1", "m" + std::to_string(i), i, "the café " + std::to_string(i)));
    }
    daemon_.Put(test::MakeMessage("c2", "n1", 1, "another café"));
  }

  Result<SearchPage> Search(const std::string& query, std::uint32_t size = 0,
                            const std::string& token = {}) {
    SearchRequest request;
    request.query = query;
    request.page_size = size;
    request.page_token = token;
    return client_->SearchMessages(request);
  }

  ErrorCode Fault(const Result<SearchPage>& page) {
    return page ? ErrorCode::kInternal : page.error().code;
  }
};

TEST_F(SdkSearchTest, HitsSayWhichMessageAndWhere) {
  const Result<SearchPage> page = Search("café 3");
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->hits.size(), 1U);
  const SearchHit& hit = page->hits[0];
  EXPECT_EQ(hit.message_id, "m3");
  EXPECT_EQ(hit.conversation_id, "c1");
  EXPECT_EQ(hit.sequence, 3U);
  EXPECT_EQ(hit.snippet, "the café 3");
  ASSERT_EQ(hit.highlights.size(), 1U);
  EXPECT_EQ(hit.snippet.substr(hit.highlights[0].start, hit.highlights[0].length), "café 3");
  EXPECT_EQ(page->total_count, 1U);
  EXPECT_TRUE(page->index_complete);
  EXPECT_EQ(page->next_page_token, "");
}

TEST_F(SdkSearchTest, PagesFollowEachOther) {
  std::vector<std::string> ids;
  std::string token;
  do {
    const Result<SearchPage> page = Search("café", 2, token);
    ASSERT_TRUE(page.ok());
    for (const SearchHit& hit : page->hits) ids.push_back(hit.message_id);
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"m5", "m4", "m3", "m2", "m1", "n1"}));
}

TEST_F(SdkSearchTest, TheWholeRequestArrives) {
  SearchRequest request;
  request.query = "word";
  request.conversation_id = "c2";
  request.order = SearchOrder::kNewest;
  request.page_size = 7;
  ASSERT_TRUE(client_->SearchMessages(request).ok());
  const v1::SearchMessagesRequest arrived = daemon_.searches().at(0);
  EXPECT_EQ(arrived.query(), "word");
  EXPECT_EQ(arrived.conversation_id(), "c2");
  EXPECT_EQ(arrived.order(), v1::SearchMessagesRequest::ORDER_NEWEST);
  EXPECT_EQ(arrived.page_size(), 7U);
}

TEST_F(SdkSearchTest, IndexUnderWayIsTold) {
  v1::SearchIndexState index;
  index.set_indexed(30);
  index.set_total(100);
  daemon_.SetSearchIndex(index);
  const Result<SearchPage> page = Search("café");
  ASSERT_TRUE(page.ok());
  EXPECT_FALSE(page->index_complete);
  EXPECT_EQ(page->indexed, 30U);
  EXPECT_EQ(page->to_index, 100U);
}

TEST_F(SdkSearchTest, BadArgumentsNeverLeave) {
  EXPECT_EQ(Fault(Search(std::string(kMaxSearchBytes + 1, 'x'))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Fault(Search("\xFF")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Fault(Search("x", kMaxSearchPageSize + 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Fault(Search("x", 0, "\xFF")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(daemon_.Calls("SearchMessages"), 0);
}

TEST_F(SdkSearchTest, WhatTheDaemonRefusesIsSaid) {
  daemon_.FailNext("SearchMessages", grpc::StatusCode::INVALID_ARGUMENT,
                   "the search cannot be read: a quotation mark is not closed (character 5)");
  const Result<SearchPage> page = Search("one \"two");
  EXPECT_EQ(Fault(page), ErrorCode::kInvalidArgument);
  EXPECT_EQ(page.error().message,
            "the search cannot be read: a quotation mark is not closed (character 5)");
  daemon_.FailNext("SearchMessages", grpc::StatusCode::DEADLINE_EXCEEDED, "");
  EXPECT_EQ(Fault(Search("word")), ErrorCode::kTimeout);
}

}  // namespace
}  // namespace hark::client
