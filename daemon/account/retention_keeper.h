// Removes what is too old, some minutes after the start, then every hour, and when asked.
//
// On a thread of its own, hark-keeper: planning reads for a while, and each slice waits for the
// writer. Between two slices whatever else waits for the writer has its turn.

#ifndef HARK_DAEMON_ACCOUNT_RETENTION_KEEPER_H_
#define HARK_DAEMON_ACCOUNT_RETENTION_KEEPER_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/account/accounts.h"
#include "daemon/store/reader.h"
#include "daemon/store/retention.h"

namespace hark::account {

// Thread-safe.
class RetentionKeeper final : public Retention {
 public:
  // Both outlive the keeper.
  RetentionKeeper(store::Reader& reader, store::RetentionStore& store, RetentionPolicy policy);
  RetentionKeeper(const RetentionKeeper&) = delete;
  RetentionKeeper& operator=(const RetentionKeeper&) = delete;
  // Ends after the slice that is under way; who waits for a run is told kCancelled.
  ~RetentionKeeper() override;

  [[nodiscard]] RetentionPolicy policy() const override;
  // For the next run.
  void SetPolicy(RetentionPolicy policy);
  [[nodiscard]] Result<RetentionPlan> Preview(const RetentionPolicy& policy) override;
  void Run(Done<RetentionOutcome> done) override;
  void Set(ConversationId conversation, std::optional<std::uint32_t> days,
           Done<LocalRevision> done) override;

 private:
  void Loop();
  Result<RetentionOutcome> RunNow();
  Result<std::uint64_t> EvictAll(std::vector<Eviction> evictions);
  Result<void> TidyAll(store::Tidying first, store::Tidying next);
  [[nodiscard]] bool Stopping();

  store::Reader& reader_;
  store::RetentionStore& store_;
  // On the thread only.
  std::uint64_t evicted_since_compacting_ = 0;

  mutable std::mutex mutex_;
  RetentionPolicy policy_;
  std::condition_variable changed_;
  std::vector<Done<RetentionOutcome>> asked_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_RETENTION_KEEPER_H_
