// Marks made ahead of time. That a send may have left has to be on the disk before it leaves, which
// costs a sync. A send that will leave at once, or right behind one that is on its way, is stored
// with that mark, so that its own commit is the only one.
//
// What of these has not left is known in memory (InFlight::ahead) and counts as still here: it can
// be changed in place. Once it is not going to leave soon, the mark is taken back. After a crash it
// is UNKNOWN, as if it had left: it is asked again under its id.

#ifndef HARK_DAEMON_STORE_MARKS_AHEAD_H_
#define HARK_DAEMON_STORE_MARKS_AHEAD_H_

#include <cstdint>
#include <optional>

#include "daemon/model/ids.h"
#include "daemon/store/job_context.h"

namespace hark::store {

// Whether a new send of the conversation, with a connection there, leaves without a wait: there is
// none before it, or the one before it is on its way or will be. False also if too many are marked.
[[nodiscard]] bool LeavesSoon(JobContext& context, const ConversationId& conversation);

// Its row says that it has left; it has not.
void NoteMarkedAhead(JobContext& context, std::uint64_t position);

// It may have left: its row says so, and that was not ahead of time.
[[nodiscard]] bool MayHaveLeft(const JobContext& context, std::uint64_t position, bool attempted);

// Of one entry; of all sends of the conversation, or of all.
void TakeMarkBack(JobContext& context, std::uint64_t position);
void TakeMarksBack(JobContext& context, const std::optional<ConversationId>& conversation);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MARKS_AHEAD_H_
