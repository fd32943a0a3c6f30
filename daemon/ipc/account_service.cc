// hark.v1.Account.

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "hark/v1/account.grpc.pb.h"

#include "daemon/base/secret.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Account;
using Base = Api::WithRawCallbackMethod_SignIn<
    Api::WithRawCallbackMethod_SignOut<Api::WithRawCallbackMethod_GetAccount<Api::Service>>>;

// As account.proto promises; it also keeps a token from breaking the header that it is sent in.
constexpr std::size_t kTokenBytes = 4096;

bool IsToken(std::string_view token) {
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  return !token.empty() && token.size() <= kTokenBytes &&
         std::all_of(token.begin(), token.end(), is_visible);
}

// Ends `call` with the account as it is then.
template <typename Response>
account::Accounts::Done EndWith(std::shared_ptr<PendingCall> call) {
  return [call = std::move(call)](const Result<account::AccountInfo>& done) {
    if (!done) return call->Fail(ToSignInStatus(done.error()));
    Response out;
    ToProto(*done, out.mutable_account());
    call->Succeed(out);
  };
}

class AccountService final : public Base {
 public:
  explicit AccountService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* SignIn(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SignInRequest>(
        context, request, response,
        [this](v1::SignInRequest& in, std::shared_ptr<PendingCall> call) -> Result<void> {
          Secret token(std::move(*in.mutable_token()));
          if (!IsToken(token.bytes())) {
            return Fail(ErrorCode::kInvalidArgument,
                        "the token must be 1 to 4096 visible ASCII characters");
          }
          context_.accounts.SignIn(std::move(token), EndWith<v1::SignInResponse>(std::move(call)));
          return {};
        });
  }

  grpc::ServerUnaryReactor* SignOut(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SignOutRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) -> Result<void> {
          if (in.forget()) {
            Forget(in.discard_unsent(), std::move(call));
          } else {
            context_.accounts.SignOut(EndWith<v1::SignOutResponse>(std::move(call)));
          }
          return {};
        });
  }

  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* call,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return Answer<v1::GetAccountRequest, v1::GetAccountResponse>(
        call, request, response, [this](auto&, auto* out) -> Result<void> {
          ToProto(context_.accounts.Info(), out->mutable_account());
          return {};
        });
  }

 private:
  void Forget(bool discard_unsent, std::shared_ptr<PendingCall> call) {
    context_.accounts.SignOutAndForget(
        discard_unsent, [this, call = std::move(call)](const Result<account::Removed>& removed) {
          if (!removed) return call->Fail(ToGrpcStatus(removed.error()));
          v1::SignOutResponse out;
          ToProto(context_.accounts.Info(), out.mutable_account());
          out.set_entries_lost(removed->entries_lost);
          out.set_drafts_lost(removed->drafts_lost);
          call->Succeed(out);
        });
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewAccountService(const ServiceContext& context) {
  return std::make_unique<AccountService>(context);
}

}  // namespace hark::ipc
