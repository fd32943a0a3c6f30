// hark.v1.Sync.

#include <memory>

#include "hark/v1/sync.grpc.pb.h"

#include "daemon/ipc/services.h"
#include "daemon/ipc/status_stream.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Sync;
using Base =
    Api::WithRawCallbackMethod_WatchStatus<Api::WithRawCallbackMethod_SyncNow<Api::Service>>;

class SyncService final : public Base {
 public:
  explicit SyncService(const ServiceContext& context) : context_(context) {}

  // Works without an account: the status says so.
  ByteStream* WatchStatus(grpc::CallbackServerContext* call,
                          const grpc::ByteBuffer* request) override {
    return AnswerStream<v1::WatchStatusRequest>(call, request, [this](auto&) {
      return StatusStream::Start(context_.streams, context_.accounts.status());
    });
  }

  grpc::ServerUnaryReactor* SyncNow(grpc::CallbackServerContext* call,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SyncNowRequest>(
        call, request, response,
        [this](auto&, std::shared_ptr<PendingCall> pending) -> Result<void> {
          if (context_.accounts.Current()) {
            End(*pending);
            return {};
          }
          // Whoever asks may have unlocked the key store just now.
          context_.accounts.keys().Look(
              [this, pending](const Result<keys::KeyStatus>&) { End(*pending); });
          return {};
        });
  }

 private:
  void End(PendingCall& call) {
    if (const auto asked = Now(); !asked) return call.Fail(ToGrpcStatus(asked.error()));
    call.Succeed(v1::SyncNowResponse());
  }

  Result<void> Now() {
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const account::AccountState state = context_.accounts.Info().state;
    if (state == account::AccountState::kNone || state == account::AccountState::kSignedOut) {
      return Fail(ErrorCode::kUnauthenticated, "nobody is signed in: sign in first");
    }
    (*account)->intents().SyncNow();
    return {};
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewSyncService(const ServiceContext& context) {
  return std::make_unique<SyncService>(context);
}

}  // namespace hark::ipc
