#include <utility>

#include "tests/unit/ipc/fake_accounts.h"

namespace hark::ipc {

void FakeKeys::Set(keys::KeyStatus status) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

int FakeKeys::looks() const {
  const std::lock_guard lock(mutex_);
  return looks_;
}

keys::KeyStatus FakeKeys::Status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void FakeKeys::Look(Done<keys::KeyStatus> done) {
  {
    const std::lock_guard lock(mutex_);
    ++looks_;
  }
  done(Status());
}

void FakeKeys::Rotate(account::RotateRequest request, Done<account::RotateOutcome> done) {
  if (request.to == "nowhere")
    return done(Fail(ErrorCode::kInvalidArgument, "There is no such kind of key store."));
  done(account::RotateOutcome{Status().generation + 1, Status().has_recovery_code,
                              request.full ? 2U : 0U});
}

void FakeKeys::MakeRecoveryCode(Done<Secret> done) {
  done(Secret(std::string("GOOD")));
}

void FakeKeys::Recover(Secret code, Done<keys::KeyStatus> done) {
  if (!code.Equals("GOOD"))
    return done(Fail(ErrorCode::kInvalidArgument, "Group 1 of the recovery code is mistyped."));
  done(Status());
}

}  // namespace hark::ipc
