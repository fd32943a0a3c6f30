// hark.v1.Drafts.

#include <memory>
#include <optional>
#include <utility>

#include "hark/v1/drafts.grpc.pb.h"

#include "daemon/ipc/convert_user_state.h"
#include "daemon/ipc/drafts_stream.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Drafts;
using Base = Api::WithRawCallbackMethod_GetDraft<Api::WithRawCallbackMethod_SetDraft<
    Api::WithRawCallbackMethod_ListDrafts<Api::WithRawCallbackMethod_WatchDrafts<Api::Service>>>>;

class DraftsService final : public Base {
 public:
  explicit DraftsService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetDraft(grpc::CallbackServerContext* call,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return Answer<v1::GetDraftRequest, v1::GetDraftResponse>(
        call, request, response, [this](auto& in, auto* out) { return Get(in, out); });
  }

  grpc::ServerUnaryReactor* SetDraft(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SetDraftRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Set(in, std::move(call)); });
  }

  grpc::ServerUnaryReactor* ListDrafts(grpc::CallbackServerContext* call,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return Answer<v1::ListDraftsRequest, v1::ListDraftsResponse>(
        call, request, response, [this](auto&, auto* out) { return List(out); });
  }

  ByteStream* WatchDrafts(grpc::CallbackServerContext* call,
                          const grpc::ByteBuffer* request) override {
    return AnswerStream<v1::WatchDraftsRequest>(call, request,
                                                [this](auto& in) { return Watch(in); });
  }

 private:
  Result<void> Get(v1::GetDraftRequest& in, v1::GetDraftResponse* out) {
    const auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const auto draft = (*account)->user_state().GetDraft(*id);
    if (!draft) return tl::unexpected(draft.error());
    ToProto(*draft, out->mutable_draft());
    return {};
  }

  Result<void> Set(v1::SetDraftRequest& in, std::shared_ptr<PendingCall> call) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->user_state().SetDraft(
        {*std::move(id), std::move(*in.mutable_text()), in.base_version(), in.flush()},
        [call = std::move(call)](const Result<account::DraftOutcome>& outcome) {
          if (!outcome) return call->Fail(ToGrpcStatus(outcome.error()));
          v1::SetDraftResponse out;
          out.set_outcome(outcome->conflict ? v1::SetDraftResponse::OUTCOME_CONFLICT
                                            : v1::SetDraftResponse::OUTCOME_SET);
          ToProto(outcome->draft, out.mutable_draft());
          call->Succeed(out);
        });
    return {};
  }

  Result<void> List(v1::ListDraftsResponse* out) {
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const auto list = (*account)->user_state().ListDrafts(std::nullopt);
    if (!list) return tl::unexpected(list.error());
    for (const Draft& draft : list->drafts) ToProto(draft, out->add_drafts());
    return {};
  }

  Result<ByteStream*> Watch(v1::WatchDraftsRequest& in) {
    auto conversation = CheckedConversationOrAll(std::move(*in.mutable_conversation_id()));
    if (!conversation) return tl::unexpected(conversation.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    return DraftsStream::Start(context_.streams, *std::move(account), *std::move(conversation),
                               in.resume_token());
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewDraftsService(const ServiceContext& context) {
  return std::make_unique<DraftsService>(context);
}

}  // namespace hark::ipc
