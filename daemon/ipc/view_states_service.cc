// hark.v1.ViewStates.

#include <memory>
#include <utility>

#include "hark/v1/view_states.grpc.pb.h"

#include "daemon/ipc/convert_user_state.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::ViewStates;
using Base =
    Api::WithRawCallbackMethod_SetViewState<Api::WithRawCallbackMethod_GetViewState<Api::Service>>;

class ViewStatesService final : public Base {
 public:
  explicit ViewStatesService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* SetViewState(grpc::CallbackServerContext* call,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return Answer<v1::SetViewStateRequest, v1::SetViewStateResponse>(
        call, request, response, [this](auto& in, auto*) { return Set(in); });
  }

  grpc::ServerUnaryReactor* GetViewState(grpc::CallbackServerContext* call,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return Answer<v1::GetViewStateRequest, v1::GetViewStateResponse>(
        call, request, response, [this](auto& in, auto* out) { return Get(in, out); });
  }

 private:
  Result<void> Set(v1::SetViewStateRequest& in) {
    if (const auto id = CheckedConversation(in.conversation_id()); !id)
      return tl::unexpected(id.error());
    if (!in.message_id().empty()) {
      if (const auto id = CheckedMessage(in.message_id()); !id) return tl::unexpected(id.error());
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    return (*account)->user_state().SetViewState(ViewStateFrom(in));
  }

  Result<void> Get(v1::GetViewStateRequest& in, v1::GetViewStateResponse* out) {
    const auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const auto shown = (*account)->user_state().GetViewState(*id, in.ui());
    if (!shown) return tl::unexpected(shown.error());
    if (const auto& found = *shown; found) ToProto(*found, out->mutable_view_state());
    return {};
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewViewStatesService(const ServiceContext& context) {
  return std::make_unique<ViewStatesService>(context);
}

}  // namespace hark::ipc
