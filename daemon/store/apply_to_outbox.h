// What the sync engine's operations of writer.h do to the outbox, and what a message of the backend
// means for it.

#ifndef HARK_DAEMON_STORE_APPLY_TO_OUTBOX_H_
#define HARK_DAEMON_STORE_APPLY_TO_OUTBOX_H_

#include <cstdint>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/store/job_context.h"
#include "daemon/store/writer.h"

namespace hark::store {

// As ApplyOperation().
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const AcknowledgeRead& operation);
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const MarkSending& operation);
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const ConnectionLost& operation);
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const RequeueEntry& operation);
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const FailEntry& operation);
[[nodiscard]] Result<void> ApplyToOutbox(JobContext& context, const ExpireEntries& operation);

// The backend has `message`, as it is in the cache now or older: its send is done, edits that it
// shows are done, edits that it overtook have lost, and a message that was withdrawn is to be
// deleted. True if something of it was or is pending, so that it may be shown otherwise.
bool SettleOutbox(JobContext& context, const Message& message);

// The message has this revision: the first edit that waits for it, behind none that is to leave
// before it, changes that one.
void RebaseWaiting(JobContext& context, const MessageId& message, std::uint64_t revision);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_APPLY_TO_OUTBOX_H_
