// hark.v1.Conversations.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "hark/v1/conversations.grpc.pb.h"

#include "daemon/ipc/conversations_topic.h"
#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/tokens.h"
#include "daemon/ipc/unary.h"
#include "daemon/ipc/watch_stream.h"

namespace hark::ipc {
namespace {

using Api = v1::Conversations;
using Base =
    Api::WithRawCallbackMethod_ListConversations<Api::WithRawCallbackMethod_GetConversation<
        Api::WithRawCallbackMethod_WatchConversations<Api::WithRawCallbackMethod_OpenConversation<
            Api::WithRawCallbackMethod_CloseConversation<Api::WithRawCallbackMethod_MarkRead<
                Api::WithRawCallbackMethod_SetRetention<Api::Service>>>>>>>;

class ConversationsService final : public Base {
 public:
  explicit ConversationsService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListConversations(grpc::CallbackServerContext* call,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return Answer<v1::ListConversationsRequest, v1::ListConversationsResponse>(
        call, request, response, [this](auto& in, auto* out) { return List(in, out); });
  }

  grpc::ServerUnaryReactor* GetConversation(grpc::CallbackServerContext* call,
                                            const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override {
    return Answer<v1::GetConversationRequest, v1::GetConversationResponse>(
        call, request, response, [this](auto& in, auto* out) { return Get(in, out); });
  }

  ByteStream* WatchConversations(grpc::CallbackServerContext* call,
                                 const grpc::ByteBuffer* request) override {
    return AnswerStream<v1::WatchConversationsRequest>(call, request,
                                                       [this](auto& in) { return Watch(in); });
  }

  grpc::ServerUnaryReactor* OpenConversation(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override {
    return AnswerLater<v1::OpenConversationRequest>(
        context, request, response, [this](auto& in, std::shared_ptr<PendingCall> call) {
          return Show<v1::OpenConversationResponse>(&sync::Intents::Open, in, std::move(call));
        });
  }

  grpc::ServerUnaryReactor* CloseConversation(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return AnswerLater<v1::CloseConversationRequest>(
        context, request, response, [this](auto& in, std::shared_ptr<PendingCall> call) {
          return Show<v1::CloseConversationResponse>(&sync::Intents::Close, in, std::move(call));
        });
  }

  grpc::ServerUnaryReactor* MarkRead(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return AnswerLater<v1::MarkReadRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Mark(in, std::move(call)); });
  }

  grpc::ServerUnaryReactor* SetRetention(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SetRetentionRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Keep(in, std::move(call)); });
  }

 private:
  Result<void> List(v1::ListConversationsRequest& in, v1::ListConversationsResponse* out) {
    store::ConversationQuery query;
    const auto size = CheckedPageSize(in.page_size(), "page_size");
    if (!size) return tl::unexpected(size.error());
    query.limit = *size;
    if (!in.page_token().empty()) {
      query.after = ParsePageToken(in.page_token());
      if (!query.after) {
        return Fail(ErrorCode::kInvalidArgument, "page_token is not one of this daemon's");
      }
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const auto page = (*account)->reader().ListConversations(query);
    if (!page) return tl::unexpected(page.error());
    for (const Conversation& conversation : page->conversations) {
      ToProto(conversation, out->add_conversations());
    }
    if (const auto& next = page->next) out->set_next_page_token(PageToken(*next));
    out->set_total_count(page->total_count);
    ToProto(page->revision, context_.accounts.status().Current(), out->mutable_freshness());
    return {};
  }

  Result<void> Get(v1::GetConversationRequest& in, v1::GetConversationResponse* out) {
    const auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    store::Reader& reader = (*account)->reader();
    // Asked first: what is read after it shows at least this revision.
    const LocalRevision revision = reader.CurrentRevision();
    const auto conversation = reader.GetConversation(*id);
    if (!conversation) return tl::unexpected(conversation.error());
    ToProto(*conversation, out->mutable_conversation());
    ToProto(revision, context_.accounts.status().Current(), out->mutable_freshness());
    return {};
  }

  Result<ByteStream*> Watch(v1::WatchConversationsRequest& in) {
    const auto size = CheckedPageSize(in.snapshot_size(), "snapshot_size");
    if (!size) return tl::unexpected(size.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    auto topic = std::make_unique<ConversationsTopic>((*account)->reader().StoreId(), *size);
    return WatchStream::Start(context_.streams, *std::move(account), std::move(topic),
                              in.resume_token());
  }

  using ShowMethod = void (sync::Intents::*)(ConversationId, sync::Intents::Done<LocalRevision>);

  // Open and Close.
  template <typename Response, typename Request>
  Result<void> Show(ShowMethod method, Request& in, std::shared_ptr<PendingCall> call) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    ((*account)->intents().*method)(
        *std::move(id), [call = std::move(call)](const Result<LocalRevision>& done) {
          done ? call->Succeed(Response()) : call->Fail(ToGrpcStatus(done.error()));
        });
    return {};
  }

  Result<void> Mark(v1::MarkReadRequest& in, std::shared_ptr<PendingCall> call) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    std::optional<MessageId> up_to;
    if (!in.message_id().empty()) {
      auto message = CheckedMessage(std::move(*in.mutable_message_id()));
      if (!message) return tl::unexpected(message.error());
      up_to = *std::move(message);
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->intents().MarkRead(*std::move(id), std::move(up_to),
                                   [call = std::move(call)](const Result<Conversation>& done) {
                                     if (!done) return call->Fail(ToGrpcStatus(done.error()));
                                     v1::MarkReadResponse out;
                                     ToProto(*done, out.mutable_conversation());
                                     call->Succeed(out);
                                   });
    return {};
  }

  Result<void> Keep(v1::SetRetentionRequest& in, std::shared_ptr<PendingCall> call) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    std::optional<std::uint32_t> days;
    if (in.has_days()) days = in.days();
    if (const auto checked = CheckedDays(days); !checked) return tl::unexpected(checked.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->retention().Set(
        *std::move(id), days, [call = std::move(call)](const Result<LocalRevision>& done) {
          done ? call->Succeed(v1::SetRetentionResponse()) : call->Fail(ToGrpcStatus(done.error()));
        });
    return {};
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewConversationsService(const ServiceContext& context) {
  return std::make_unique<ConversationsService>(context);
}

}  // namespace hark::ipc
