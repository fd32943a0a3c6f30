// The calls of hark::Client about keys.

#include <chrono>
#include <string>
#include <utility>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/wipe.h"
#include "hark/client.h"

namespace hark::client {
namespace {

// Writing files of some gigabytes anew.
constexpr std::chrono::minutes kLongCall{10};

KeyStatus::State FromProto(v1::KeyStatus::State from) {
  switch (static_cast<int>(from)) {  // Of a newer daemon there may be others.
    case v1::KeyStatus::STATE_NONE: return KeyStatus::State::kNone;
    case v1::KeyStatus::STATE_READY: return KeyStatus::State::kReady;
    case v1::KeyStatus::STATE_LOCKED: return KeyStatus::State::kLocked;
    case v1::KeyStatus::STATE_MISSING: return KeyStatus::State::kMissing;
    case v1::KeyStatus::STATE_WRONG_KEY: return KeyStatus::State::kWrongKey;
    case v1::KeyStatus::STATE_KEY_STORE_CHANGED: return KeyStatus::State::kKeyStoreChanged;
    case v1::KeyStatus::STATE_CORRUPT: return KeyStatus::State::kCorrupt;
    default: return KeyStatus::State::kUnknown;
  }
}

KeyStatus FromProto(const v1::KeyStatus& from) {
  return {FromProto(from.state()), from.kind(), from.generation(), from.has_recovery_code(),
          from.sentence()};
}

}  // namespace

Result<KeyStatus> Client::GetKeyStatus() {
  return Map(Call(*impl_->link, impl_->stubs->keys, &v1::Keys::Stub::GetKeyStatus,
                  v1::GetKeyStatusRequest(), Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.keys()); });
}

Result<RotateKeyOutcome> Client::RotateKey(const RotateKeyRequest& request) {
  v1::RotateKeyRequest proto;
  proto.set_full(request.full);
  proto.set_to(request.to);
  return Map(Call(*impl_->link, impl_->stubs->keys, &v1::Keys::Stub::RotateKey, proto,
                  Manner{kLongCall, false}),
             [](const auto& response) {
               return RotateKeyOutcome{response.generation(), response.recovery_code_dropped(),
                                       response.files()};
             });
}

Result<std::string> Client::CreateRecoveryCode() {
  auto response = Call(*impl_->link, impl_->stubs->keys, &v1::Keys::Stub::CreateRecoveryCode,
                       v1::CreateRecoveryCodeRequest(), Manner{kLongCall, false});
  if (!response) return response.error();
  // Taken, not copied.
  return std::move(*response->mutable_code());
}

Result<KeyStatus> Client::Recover(const std::string& code) {
  v1::RecoverRequest proto;
  proto.set_code(code);
  auto response = Call(*impl_->link, impl_->stubs->keys, &v1::Keys::Stub::Recover, proto,
                       Manner{kLongCall, false});
  Wipe(proto.mutable_code());
  return Map(std::move(response),
             [](const auto& recovered) { return FromProto(recovered.keys()); });
}

}  // namespace hark::client
