// The job of UserStateStore.

#ifndef HARK_DAEMON_STORE_USER_STATE_JOB_H_
#define HARK_DAEMON_STORE_USER_STATE_JOB_H_

#include <cstddef>

#include "daemon/store/job.h"
#include "daemon/store/user_state.h"

namespace hark::store {

class SaveUserStateJob final : public Job {
 public:
  SaveUserStateJob(UserStateChanges changes, UserStateStore::Done<LocalRevision> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return weight_; }

 private:
  // Whether its conversation has to be announced.
  static bool Save(JobContext& context, const Draft& draft);

  UserStateChanges changes_;
  UserStateStore::Done<LocalRevision> done_;
  std::size_t weight_ = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_USER_STATE_JOB_H_
