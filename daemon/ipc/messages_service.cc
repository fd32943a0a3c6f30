// hark.v1.Messages.

#include <memory>
#include <utility>

#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/histogram.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/message_page.h"
#include "daemon/ipc/messages_topic.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"
#include "daemon/ipc/watch_stream.h"

namespace hark::ipc {
namespace {

using Api = v1::Messages;
using Base = Api::WithRawCallbackMethod_ListMessages<
    Api::WithRawCallbackMethod_WatchMessages<Api::WithRawCallbackMethod_SendMessage<Api::Service>>>;

class MessagesService final : public Base {
 public:
  explicit MessagesService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* call,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return Answer<v1::ListMessagesRequest, v1::ListMessagesResponse>(
        call, request, response, [this](auto& in, auto* out) { return List(in, out); });
  }

  ByteStream* WatchMessages(grpc::CallbackServerContext*,
                            const grpc::ByteBuffer* request) override {
    Result<ByteStream*> stream = Watch(*request);
    return stream ? *stream : RefusedStream(ToStreamStatus(stream.error()));
  }

  grpc::ServerUnaryReactor* SendMessage(grpc::CallbackServerContext*,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SendMessageRequest>(
        request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Send(in, std::move(call)); });
  }

 private:
  Result<void> List(v1::ListMessagesRequest& in, v1::ListMessagesResponse* out) {
    store::PageQuery query;
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    query.conversation = *std::move(id);
    if (!in.before_message_id().empty()) {
      auto before = CheckedMessage(std::move(*in.mutable_before_message_id()));
      if (!before) return tl::unexpected(before.error());
      query.before = *std::move(before);
    }
    const auto size = CheckedPageSize(in.page_size(), "page_size");
    if (!size) return tl::unexpected(size.error());
    query.limit = *size;
    if (!v1::ListMessagesRequest::Policy_IsValid(in.policy())) {
      return Fail(ErrorCode::kInvalidArgument, "policy is not known to this daemon");
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());

    const Stopwatch stopwatch;
    const auto page = (*account)->reader().ReadPage(query);
    if (!page) return tl::unexpected(page.error());
    context_.metrics.page_read.Record(stopwatch.Elapsed());

    const bool missed =
        page->gap_after || (page->gap_before && page->messages.size() < query.limit);
    ++(missed ? context_.metrics.page_misses : context_.metrics.page_hits);
    ToProto(*page, out);
    ToProto(page->revision, context_.accounts.status().Current(), out->mutable_freshness());
    if (in.policy() != v1::ListMessagesRequest::POLICY_CACHE_ONLY) {
      // The newest last: it goes before the others.
      if (out->has_gap_before()) (*account)->intents().Fetch(*page->gap_before);
      if (out->has_gap_after()) (*account)->intents().Fetch(*page->gap_after);
    }
    return {};
  }

  Result<ByteStream*> Watch(const grpc::ByteBuffer& request) {
    v1::WatchMessagesRequest in;
    if (const auto parsed = Parse(request, &in); !parsed) return tl::unexpected(parsed.error());
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto size = CheckedPageSize(in.snapshot_size(), "snapshot_size");
    if (!size) return tl::unexpected(size.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    auto topic =
        std::make_unique<MessagesTopic>((*account)->reader().StoreId(), *std::move(id), *size);
    return WatchStream::Start(context_.streams, *std::move(account), std::move(topic),
                              in.resume_token());
  }

  Result<void> Send(v1::SendMessageRequest& in, std::shared_ptr<PendingCall> call) {
    const Stopwatch stopwatch;
    sync::Draft draft = DraftFrom(in);
    if (auto id = CheckedConversation(draft.conversation.value()); !id) {
      return tl::unexpected(id.error());
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->intents().Send(std::move(draft),
                               [call = std::move(call), stopwatch,
                                &metrics = context_.metrics](const Result<Message>& sent) {
                                 if (!sent) return call->Fail(ToGrpcStatus(sent.error()));
                                 metrics.durable_send.Record(stopwatch.Elapsed());
                                 v1::SendMessageResponse out;
                                 ToProto(*sent, out.mutable_message());
                                 call->Succeed(out);
                               });
    return {};
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewMessagesService(const ServiceContext& context) {
  return std::make_unique<MessagesService>(context);
}

}  // namespace hark::ipc
