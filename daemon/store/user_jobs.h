// The jobs of the Writer's calls, apart from what is done with messages (action_jobs.h).

#ifndef HARK_DAEMON_STORE_USER_JOBS_H_
#define HARK_DAEMON_STORE_USER_JOBS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/store/job.h"
#include "daemon/store/writer.h"

namespace hark::store {

// Which series of batches have ended (Batch::series). Thread-safe: a batch also fails on its
// caller's thread, when the queue is full.
class FailedSeries {
 public:
  [[nodiscard]] bool Contains(std::uint64_t series) const {
    return series != 0 && series <= newest_.load();
  }
  void Add(std::uint64_t series) {
    std::uint64_t newest = newest_.load();
    while (newest < series && !newest_.compare_exchange_weak(newest, series)) {
    }
  }

 private:
  std::atomic<std::uint64_t> newest_{0};
};

class ApplyJob final : public Job {
 public:
  // `failed_series` outlives the job.
  ApplyJob(Batch batch, FailedSeries& failed_series, Writer::Done<LocalRevision> done);
  Result<void> Run(JobContext& context) override;
  void Undone() override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool SharesFate() const override { return shares_fate_; }
  [[nodiscard]] bool IsOfASeries() const override { return true; }
  [[nodiscard]] Order order() const override { return batch_->order; }
  [[nodiscard]] std::size_t Weight() const override { return weight_; }

 private:
  const std::shared_ptr<Batch> batch_;  // The commit shares its messages.
  FailedSeries& failed_series_;
  Writer::Done<LocalRevision> done_;
  std::size_t weight_ = 0;
  bool shares_fate_ = true;
};

class EnqueueSendJob final : public Job {
 public:
  EnqueueSendJob(NewMessage message, Writer::Done<Message> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool AnswersFirst() const override { return true; }
  [[nodiscard]] bool IsAuthored() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override;

 private:
  Result<void> Insert(JobContext& context);

  Message message_;
  const bool leaves_now_;
  Writer::Done<Message> done_;
  std::optional<Message> stored_;
};

class MarkReadJob final : public Job {
 public:
  MarkReadJob(ReadMark mark, Writer::Done<Conversation> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  [[nodiscard]] Result<Sequence> Target(JobContext& context, std::int64_t conversation) const;

  ReadMark mark_;
  Writer::Done<Conversation> done_;
  std::optional<Conversation> stored_;
};

class RecordOpenJob final : public Job {
 public:
  RecordOpenJob(ConversationId conversation, WallTime at, Writer::Done<LocalRevision> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  ConversationId conversation_;
  WallTime at_;
  Writer::Done<LocalRevision> done_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_USER_JOBS_H_
