#include "daemon/store/repair.h"

#include <utility>

#include "daemon/store/conversation_rows.h"
#include "daemon/store/job_context.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {

Result<void> RepairJob::Run(JobContext& context) {
  for (const MessageId& id : AllSendIds(context.authored())) {
    if (!FindMessagePlace(context.cache(), id)) continue;
    (void)DeleteSend(context.WriteAuthored(), id);
    context.changes().sends_removed = true;
  }
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
