// hark.v1.Keys.

#include <memory>
#include <utility>

#include "hark/v1/keys.grpc.pb.h"

#include "daemon/base/secret.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Keys;
using Base = Api::WithRawCallbackMethod_GetKeyStatus<
    Api::WithRawCallbackMethod_RotateKey<Api::WithRawCallbackMethod_CreateRecoveryCode<
        Api::WithRawCallbackMethod_Recover<Api::Service>>>>;

v1::KeyStatus::State ToProto(keys::KeyState state) {
  switch (state) {
    case keys::KeyState::kNone: return v1::KeyStatus::STATE_NONE;
    case keys::KeyState::kReady: return v1::KeyStatus::STATE_READY;
    case keys::KeyState::kLocked: return v1::KeyStatus::STATE_LOCKED;
    case keys::KeyState::kMissing: return v1::KeyStatus::STATE_MISSING;
    case keys::KeyState::kWrongKey: return v1::KeyStatus::STATE_WRONG_KEY;
    case keys::KeyState::kKeyStoreChanged: return v1::KeyStatus::STATE_KEY_STORE_CHANGED;
    case keys::KeyState::kCorrupt: return v1::KeyStatus::STATE_CORRUPT;
  }
  return v1::KeyStatus::STATE_UNSPECIFIED;
}

void ToProto(const keys::KeyStatus& status, v1::KeyStatus* out) {
  out->set_state(ToProto(status.state));
  out->set_kind(status.kind);
  out->set_generation(status.generation);
  out->set_has_recovery_code(status.has_recovery_code);
  out->set_sentence(status.sentence);
}

// Ends `call` with the keys as they are then.
template <typename Response>
account::KeyCare::Done<keys::KeyStatus> EndWith(std::shared_ptr<PendingCall> call) {
  return [call = std::move(call)](const Result<keys::KeyStatus>& status) {
    if (!status) return call->Fail(ToGrpcStatus(status.error()));
    Response out;
    ToProto(*status, out.mutable_keys());
    call->Succeed(out);
  };
}

class KeysService final : public Base {
 public:
  explicit KeysService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetKeyStatus(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return AnswerLater<v1::GetKeyStatusRequest>(
        context, request, response,
        [this](auto&, std::shared_ptr<PendingCall> call) -> Result<void> {
          context_.accounts.keys().Look(EndWith<v1::GetKeyStatusResponse>(std::move(call)));
          return {};
        });
  }

  grpc::ServerUnaryReactor* RotateKey(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override {
    return AnswerLater<v1::RotateKeyRequest>(
        context, request, response,
        [this](v1::RotateKeyRequest& in, std::shared_ptr<PendingCall> call) -> Result<void> {
          context_.accounts.keys().Rotate(
              {in.full(), std::move(*in.mutable_to())},
              [call = std::move(call)](const Result<account::RotateOutcome>& done) {
                if (!done) return call->Fail(ToGrpcStatus(done.error()));
                v1::RotateKeyResponse out;
                out.set_generation(done->generation);
                out.set_recovery_code_dropped(done->recovery_code_dropped);
                out.set_files(done->files);
                call->Succeed(out);
              });
          return {};
        });
  }

  grpc::ServerUnaryReactor* CreateRecoveryCode(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override {
    return AnswerLater<v1::CreateRecoveryCodeRequest>(
        context, request, response,
        [this](auto&, std::shared_ptr<PendingCall> call) -> Result<void> {
          context_.accounts.keys().MakeRecoveryCode(
              [call = std::move(call)](const Result<Secret>& code) {
                if (!code) return call->Fail(ToGrpcStatus(code.error()));
                v1::CreateRecoveryCodeResponse out;
                out.set_code(std::string(code->bytes()));
                call->Succeed(out);
                Secret(std::move(*out.mutable_code()));
              });
          return {};
        });
  }

  grpc::ServerUnaryReactor* Recover(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return AnswerLater<v1::RecoverRequest>(
        context, request, response,
        [this](v1::RecoverRequest& in, std::shared_ptr<PendingCall> call) -> Result<void> {
          context_.accounts.keys().Recover(Secret(std::move(*in.mutable_code())),
                                           EndWith<v1::RecoverResponse>(std::move(call)));
          return {};
        });
  }

 private:
  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewKeysService(const ServiceContext& context) {
  return std::make_unique<KeysService>(context);
}

}  // namespace hark::ipc
