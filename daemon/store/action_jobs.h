// The jobs of what a person does with a message that is there already: Writer::Act() and
// RetryAll().

#ifndef HARK_DAEMON_STORE_ACTION_JOBS_H_
#define HARK_DAEMON_STORE_ACTION_JOBS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/store/job.h"
#include "daemon/store/writer.h"

namespace hark::store {

class ActJob final : public Job {
 public:
  ActJob(MessageAction action, Writer::Done<Message> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool IsAuthored() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override;

 private:
  MessageAction action_;
  Writer::Done<Message> done_;
  std::optional<Message> shown_;
};

class RetryAllJob final : public Job {
 public:
  RetryAllJob(std::optional<ConversationId> conversation, Writer::Done<std::uint32_t> done);
  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override;
  [[nodiscard]] bool IsAuthored() const override { return true; }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  std::optional<ConversationId> conversation_;
  Writer::Done<std::uint32_t> done_;
  std::uint32_t count_ = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_ACTION_JOBS_H_
