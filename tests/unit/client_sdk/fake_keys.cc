// The service Keys of a fake daemon: the keys stand as FakeState says; the only good recovery code
// is "GOOD".

#include <memory>
#include <mutex>
#include <vector>

#include "hark/v1/keys.grpc.pb.h"

#include "tests/unit/client_sdk/fake_state.h"

namespace hark::test {
namespace {

using grpc::ServerContext;
using grpc::Status;

class KeysService final : public v1::Keys::Service {
 public:
  explicit KeysService(FakeState& state) : state_(state) {}
  Status GetKeyStatus(ServerContext*, const v1::GetKeyStatusRequest*,
                      v1::GetKeyStatusResponse* response) override {
    if (Status status = state_.Enter("GetKeyStatus"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    *response->mutable_keys() = state_.keys;
    return Status::OK;
  }
  Status RotateKey(ServerContext*, const v1::RotateKeyRequest* request,
                   v1::RotateKeyResponse* response) override {
    if (Status status = state_.Enter("RotateKey"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    response->set_generation(state_.keys.generation() + 1);
    response->set_recovery_code_dropped(state_.keys.has_recovery_code());
    response->set_files(request->full() ? 2 : 0);
    return Status::OK;
  }
  Status CreateRecoveryCode(ServerContext*, const v1::CreateRecoveryCodeRequest*,
                            v1::CreateRecoveryCodeResponse* response) override {
    if (Status status = state_.Enter("CreateRecoveryCode"); !status.ok()) return status;
    response->set_code("GOOD");
    return Status::OK;
  }
  Status Recover(ServerContext*, const v1::RecoverRequest* request,
                 v1::RecoverResponse* response) override {
    if (Status status = state_.Enter("Recover"); !status.ok()) return status;
    if (request->code() != "GOOD" && request->code() != "GOOD\n")
      return {grpc::StatusCode::INVALID_ARGUMENT, "Group 3 of the recovery code is mistyped."};
    const std::lock_guard lock(state_.mutex);
    *response->mutable_keys() = state_.keys;
    return Status::OK;
  }

 private:
  FakeState& state_;
};

}  // namespace

void AddFakeKeys(FakeState& state, std::vector<std::unique_ptr<grpc::Service>>& services) {
  services.push_back(std::make_unique<KeysService>(state));
}

}  // namespace hark::test
