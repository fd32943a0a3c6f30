#include "daemon/store/row_repair.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "daemon/store/apply_to_outbox.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/job_context.h"
#include "daemon/store/marker_rows.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

// How long a backend may take to show a send that was withdrawn while it was under way, and a
// client to repeat a send that was edited since.
constexpr std::chrono::hours kIdsFor{24 * 90};

// What the cache has of the message may be newer than what the outbox knows.
void SettleWithCache(JobContext& context, const MessageId& id) {
  if (const auto message = FindMessage(context.cache(), id)) SettleOutbox(context, *message);
}

class RepairJob final : public Job {
 public:
  explicit RepairJob(Result<void>& result) : result_(result) {}

  Result<void> Run(JobContext& context) override;
  void Answer(Result<LocalRevision> result) override {
    if (!result) result_ = tl::unexpected<Error>(std::move(result.error()));
  }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  Result<void>& result_;
};

Result<void> RepairJob::Run(JobContext& context) {
  for (const MessageId& id : AllSendIds(context.authored())) SettleWithCache(context, id);
  SettleChangesWithCache(context);
  ForgetIdsBefore(context.WriteAuthored(), context.clock().WallNow() - kIdsFor);
  for (const ConversationId& id : OutboxConversations(context.authored()))
    (void)context.FindOrCreate(id);
  for (const auto& [id, read_sequence] : AllMarkers(context.authored())) {
    context.FindOrCreate(id).AdvanceRead(context.cache(), read_sequence);
  }
  for (const ConversationId& id : LiftedConversations(context.cache())) (void)context.Find(id);
  return {};
}

}  // namespace

void SettleChangesWithCache(JobContext& context) {
  for (const MessageId& id : ChangedMessages(context.authored())) SettleWithCache(context, id);
}

Result<void> RepairRows(GroupWriter& writer) {
  Result<void> repaired;
  const std::array<std::unique_ptr<Job>, 1> jobs = {std::make_unique<RepairJob>(repaired)};
  writer.Run(jobs);
  return repaired;
}

}  // namespace hark::store
