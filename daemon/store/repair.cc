#include "daemon/store/repair.h"

#include <chrono>
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

}  // namespace

Result<void> RepairJob::Run(JobContext& context) {
  for (const MessageId& id : AllSendIds(context.authored())) SettleWithCache(context, id);
  for (const MessageId& id : ChangedMessages(context.authored())) SettleWithCache(context, id);
  ForgetIdsBefore(context.WriteAuthored(), context.clock().WallNow() - kIdsFor);
  for (const ConversationId& id : OutboxConversations(context.authored()))
    (void)context.FindOrCreate(id);
  for (const auto& [id, read_sequence] : AllMarkers(context.authored())) {
    context.FindOrCreate(id).AdvanceRead(context.cache(), read_sequence);
  }
  for (const ConversationId& id : LiftedConversations(context.cache())) (void)context.Find(id);
  return {};
}

void RepairJob::Answer(Result<LocalRevision> result) {
  if (!result) result_ = tl::unexpected<Error>(std::move(result.error()));
}

}  // namespace hark::store
