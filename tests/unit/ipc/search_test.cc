// hark.v1.Search over a real socket: what is translated, and that searches hold up nobody.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/search.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

class SearchTest : public ServerTest {
 protected:
  grpc::Status Search(const v1::SearchMessagesRequest& request) {
    grpc::ClientContext context;
    found_.Clear();
    return stub_->SearchMessages(&context, request, &found_);
  }

  static v1::SearchMessagesRequest For(const std::string& query) {
    v1::SearchMessagesRequest request;
    request.set_query(query);
    return request;
  }

  v1::SearchMessagesResponse found_;
  std::unique_ptr<v1::Search::Stub> stub_ = v1::Search::NewStub(channel_);
};

TEST_F(SearchTest, ResultsAreTranslated) {
  store::SearchResult result;
  result.message = FakeAccount::SentMessage("m1", "");
  result.message.conversation = ConversationId("c");
  result.message.sequence = 7;
  result.conversation_title = "title";
  result.snippet = {"a café word", {{2, 7}, {8, 12}}, true, false};
  store::SearchPage page;
  page.results.push_back(result);
  page.total_count = 41;
  page.indexed = 90;
  page.to_index = 100;
  page.revision = 12;
  page.next = store::SearchPosition{WallTime{}, {WallTime{}, 3}, {}, {}};
  ada_->SetSearch(page);

  ASSERT_TRUE(Search(For("café word")).ok());
  ASSERT_EQ(found_.results_size(), 1);
  const v1::SearchResult& shown = found_.results(0);
  EXPECT_EQ(shown.message_id(), "m1");
  EXPECT_EQ(shown.conversation_id(), "c");
  EXPECT_EQ(shown.conversation_title(), "title");
  EXPECT_EQ(shown.sequence(), 7U);
  EXPECT_EQ(shown.delivery(), v1::DELIVERY_STATE_SENT);
  EXPECT_EQ(shown.snippet(), "a café word");
  ASSERT_EQ(shown.highlights_size(), 2);
  EXPECT_EQ(shown.snippet().substr(shown.highlights(0).start(), shown.highlights(0).length()),
            "café");
  EXPECT_TRUE(shown.cut_before());
  EXPECT_FALSE(shown.cut_after());
  EXPECT_EQ(found_.total_count(), 41U);
  EXPECT_FALSE(found_.index().complete());
  EXPECT_EQ(found_.index().indexed(), 90U);
  EXPECT_EQ(found_.index().total(), 100U);
  EXPECT_EQ(found_.freshness().revision(), 12U);

  v1::SearchMessagesRequest next = For("café word");
  next.set_page_token(found_.next_page_token());
  next.set_conversation_id("c");
  next.set_order(v1::SearchMessagesRequest::ORDER_NEWEST);
  next.set_page_size(5);
  ASSERT_TRUE(Search(next).ok());
  ASSERT_EQ(ada_->searches().size(), 2U);
  const store::SearchQuery first = ada_->searches()[0];
  EXPECT_EQ(first.text, "café word");
  EXPECT_FALSE(first.conversation);
  EXPECT_EQ(first.order, store::SearchOrder::kBest);
  EXPECT_EQ(first.limit, limits::kDefaultSearchPageSize);
  EXPECT_FALSE(first.after);
  const store::SearchQuery second = ada_->searches()[1];
  EXPECT_EQ(second.conversation, ConversationId("c"));
  EXPECT_EQ(second.order, store::SearchOrder::kNewest);
  EXPECT_EQ(second.limit, 5U);
  EXPECT_EQ(second.after, page.next);
}

TEST_F(SearchTest, AnAnswerWithoutMoreSaysSo) {
  ada_->SetSearch(store::SearchPage());
  ASSERT_TRUE(Search(For("word")).ok());
  EXPECT_EQ(found_.next_page_token(), "");
  EXPECT_FALSE(found_.has_total_count());
  EXPECT_TRUE(found_.index().complete());
}

TEST_F(SearchTest, BadRequestsAreRefused) {
  v1::SearchMessagesRequest request = For("word");
  request.set_page_size(101);
  EXPECT_EQ(Search(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = For("word");
  request.set_page_token("c1.1.61");
  EXPECT_EQ(Search(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = For("word");
  request.set_conversation_id(std::string(129, 'x'));
  EXPECT_EQ(Search(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = For("word");
  request.set_order(static_cast<v1::SearchMessagesRequest::Order>(9));
  EXPECT_EQ(Search(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(ada_->searches().empty());
}

TEST_F(SearchTest, ErrorsOfTheStoreAreTold) {
  ada_->SetSearch(Fail(ErrorCode::kInvalidArgument, "the search is empty"));
  const grpc::Status empty = Search(For(""));
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(empty.error_message(), "the search is empty");
  ada_->SetSearch(Fail(ErrorCode::kTimeout, "too long"));
  const grpc::Status slow = Search(For("word"));
  EXPECT_EQ(slow.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(slow), "TIMEOUT");
  accounts_.Forget();
  EXPECT_EQ(ReasonOf(Search(For("word"))), "NOT_SIGNED_IN");
}

// As many searches as there can be: pages do not notice, and one too many is refused.
TEST_F(SearchTest, SearchesHoldUpNoPage) {
  ada_->AddConversation("c", "title");
  ada_->HoldSearches();
  constexpr std::size_t kAll = limits::kSearchesAtOnce + limits::kSearchQueue;
  std::vector<grpc::ClientContext> contexts(kAll);
  std::vector<v1::SearchMessagesResponse> responses(kAll);
  std::vector<grpc::Status> statuses(kAll);
  const v1::SearchMessagesRequest request = For("word");
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < kAll; ++i) {
    clients.emplace_back(
        [&, i] { statuses[i] = stub_->SearchMessages(&contexts[i], request, &responses[i]); });
  }
  ada_->WaitForHeldSearches(limits::kSearchesAtOnce);
  v1::ListMessagesRequest list;
  list.set_conversation_id("c");
  v1::ListMessagesResponse page;
  grpc::ClientContext context;
  const auto messages = v1::Messages::NewStub(channel_);
  EXPECT_TRUE(messages->ListMessages(&context, list, &page).ok());
  EXPECT_EQ(ada_->searches().size(), limits::kSearchesAtOnce);
  // Until all of the others wait, one more would wait too: its deadline ends it.
  grpc::Status refused;
  do {
    grpc::ClientContext more;
    more.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(20));
    refused = stub_->SearchMessages(&more, request, &found_);
  } while (refused.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ada_->FinishSearches();
  for (std::thread& client : clients) client.join();
}

TEST_F(SearchTest, AClientThatGoesAwayEndsItsSearch) {
  ada_->HoldSearches();
  grpc::ClientContext context;
  std::thread client([&] {
    const grpc::Status status = stub_->SearchMessages(&context, For("word"), &found_);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  });
  ada_->WaitForHeldSearches(1);
  context.TryCancel();
  client.join();
  while (ada_->cancelled_searches() == 0) std::this_thread::yield();
  // And the next one has a thread.
  ada_->FinishSearches();
  EXPECT_TRUE(Search(For("word")).ok());
}

TEST_F(SearchTest, StoppingTheServerEndsSearches) {
  ada_->HoldSearches();
  std::thread client([&] {
    grpc::ClientContext context;
    EXPECT_FALSE(stub_->SearchMessages(&context, For("word"), &found_).ok());
  });
  ada_->WaitForHeldSearches(1);
  server_->Stop();
  client.join();
  EXPECT_EQ(ada_->cancelled_searches(), 1);
}

}  // namespace
}  // namespace hark::ipc
