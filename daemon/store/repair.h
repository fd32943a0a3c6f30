// Puts right what a crash or power loss between the two commits of a group leaves. Runs at opening,
// before anyone reads.

#ifndef HARK_DAEMON_STORE_REPAIR_H_
#define HARK_DAEMON_STORE_REPAIR_H_

#include "daemon/store/job.h"

namespace hark::store {

// Afterwards: no send is in both files; the conversation of every outbox entry is in the cache;
// read markers and the places of conversations in the list are what the outbox makes them.
class RepairJob final : public Job {
 public:
  // `result` outlives the job.
  explicit RepairJob(Result<void>& result) : result_(result) {}

  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  Result<void>& result_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_REPAIR_H_
