// hark.v1.Search.

#include <cstdint>
#include <memory>
#include <utility>

#include "hark/v1/search.grpc.pb.h"

#include "daemon/base/limits.h"
#include "daemon/ipc/convert_search.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/tokens.h"
#include "daemon/ipc/unary.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {
namespace {

using Base = v1::Search::WithRawCallbackMethod_SearchMessages<v1::Search::Service>;

Result<store::SearchQuery> QueryFrom(v1::SearchMessagesRequest& in) {
  store::SearchQuery query;
  query.text = std::move(*in.mutable_query());
  auto conversation = CheckedConversationOrAll(std::move(*in.mutable_conversation_id()));
  if (!conversation) return tl::unexpected(conversation.error());
  query.conversation = *std::move(conversation);
  if (!v1::SearchMessagesRequest::Order_IsValid(in.order()))
    return Fail(ErrorCode::kInvalidArgument, "order is not known to this daemon");
  if (in.order() == v1::SearchMessagesRequest::ORDER_NEWEST)
    query.order = store::SearchOrder::kNewest;
  if (in.page_size() > limits::kSearchPageSize) {
    return Fail(ErrorCode::kInvalidArgument,
                "page_size is over " + std::to_string(limits::kSearchPageSize));
  }
  if (in.page_size() > 0) query.limit = in.page_size();
  if (!in.page_token().empty()) {
    query.after = ParseSearchToken(in.page_token());
    if (!query.after)
      return Fail(ErrorCode::kInvalidArgument, "page_token is not one of this daemon's");
  }
  return query;
}

class SearchService final : public Base {
 public:
  explicit SearchService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* SearchMessages(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SearchMessagesRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Begin(in, std::move(call)); });
  }

 private:
  Result<void> Begin(v1::SearchMessagesRequest& in, std::shared_ptr<PendingCall> call) {
    auto query = QueryFrom(in);
    if (!query) return tl::unexpected(query.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const bool accepted = queue_.Submit(
        [this, query = *std::move(query), account = *std::move(account), call = std::move(call)] {
          if (!call->ended()) Answer(query, account->reader(), *call);
        });
    if (accepted) return {};
    return Fail(ErrorCode::kResourceExhausted, "too many searches are under way");
  }

  void Answer(const store::SearchQuery& query, store::Reader& reader, PendingCall& call) {
    // The client's deadline, and its going away, end the call and so the search.
    const auto page = reader.Search(query, call.ended());
    if (!page) return call.Fail(ToGrpcStatus(page.error()));
    v1::SearchMessagesResponse out;
    ToProto(*page, &out);
    ToProto(page->revision, context_.accounts.status().Current(), out.mutable_freshness());
    call.Succeed(out);
  }

  const ServiceContext context_;
  WorkQueue queue_{"hark-search", limits::kSearchesAtOnce, limits::kSearchQueue};
};

}  // namespace

std::unique_ptr<grpc::Service> NewSearchService(const ServiceContext& context) {
  return std::make_unique<SearchService>(context);
}

}  // namespace hark::ipc
