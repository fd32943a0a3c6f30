// The jobs of RetentionStore, and the one that brings the search index up to date after a
// migration.

#ifndef HARK_DAEMON_STORE_RETENTION_JOBS_H_
#define HARK_DAEMON_STORE_RETENTION_JOBS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/store/job.h"
#include "daemon/store/retention.h"
#include "daemon/store/writer_thread.h"

namespace hark::store {

class EvictJob final : public Job {
 public:
  EvictJob(std::vector<Eviction> evictions, RetentionStore::Done<Evicted> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool IsSlice() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  // True: nothing is left to take of this one.
  bool EvictSome(JobContext& context, const Eviction& eviction);

  std::vector<Eviction> evictions_;
  RetentionStore::Done<Evicted> done_;
  Evicted evicted_;
};

class TidyJob final : public Job {
 public:
  TidyJob(Tidying what, RetentionStore::Done<bool> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool IsSlice() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  Tidying what_;
  RetentionStore::Done<bool> done_;
  bool more_ = false;
};

class SetRetentionJob final : public Job {
 public:
  SetRetentionJob(ConversationId conversation, std::optional<std::uint32_t> days,
                  RetentionStore::Done<LocalRevision> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  ConversationId conversation_;
  std::optional<std::uint32_t> days_;
  RetentionStore::Done<LocalRevision> done_;
};

// Indexes rows that the search index does not have yet, slice by slice: each job submits the next.
// What is done is on the disk, so that it goes on after a restart.
class IndexJob final : public Job {
 public:
  // `thread` outlives the job.
  explicit IndexJob(WriterThread& thread) : thread_(thread) {}
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool IsSlice() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  WriterThread& thread_;
  bool more_ = false;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RETENTION_JOBS_H_
