// The two files as one: what is pending in authored.db on top of what is in cache.db, merged by id.
// Used by the readers on their snapshots and by the writer on what it is about to commit.

#ifndef HARK_DAEMON_STORE_MERGED_VIEW_H_
#define HARK_DAEMON_STORE_MERGED_VIEW_H_

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/conversation.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/in_flight.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {

// Does not own what it refers to.
struct MergedView {
  MergedView(Connection& authored_file, Connection& cache_file, const InFlight& on_the_way,
             WallTime at, bool overlapping);

  Connection& authored;
  Connection& cache;
  const InFlight& in_flight;
  WallTime now;
  // A send may be in both files, as it is for a while after it was acknowledged (settled_sends.h).
  // Then each one is looked up; usually none has to be.
  bool may_overlap;
  // There is a pending edit or deletion of something; usually there is none.
  bool has_changes;
};

// The entry with what is shown of its delivery.
[[nodiscard]] OutboxEntry ShownEntry(const InFlight& in_flight, OutboxRow row);

// Puts the pending edits and deletions of a message on top of it.
void ShowChanges(const MergedView& view, Message& message);

// Pending sends of a conversation that are not in the cache; submitted before `below`, newest
// first, at most `limit`.
[[nodiscard]] std::vector<PendingSend> ListPending(const MergedView& view,
                                                   const ConversationId& conversation,
                                                   std::uint64_t below, std::uint32_t limit);
// The same, submitted after `above`, oldest first.
[[nodiscard]] std::vector<PendingSend> ListPendingForward(const MergedView& view,
                                                          const ConversationId& conversation,
                                                          std::uint64_t above, std::uint32_t limit);
[[nodiscard]] PendingCounts CountPending(const MergedView& view,
                                         const ConversationId& conversation);
// A send that is in the cache too, or a read marker that was acknowledged: nothing is pending of
// it.
[[nodiscard]] bool IsSettled(const MergedView& view, const OutboxEntry& entry);
// Entries of the outbox without the settled ones.
[[nodiscard]] std::uint64_t CountUnsettled(const MergedView& view);
// A send that is not in the cache.
[[nodiscard]] std::optional<PendingSend> FindPending(const MergedView& view, const MessageId& id);

[[nodiscard]] std::optional<Message> FindMerged(const MergedView& view, const MessageId& id);

// Whether a UI has the conversation open, or had not long ago; and all of which that is true.
[[nodiscard]] bool IsActive(const MergedView& view, const ConversationId& id);
[[nodiscard]] std::set<ConversationId> ReadActive(const MergedView& view);

// `counts`: CountPending() of it; nothing has to be looked for if there is nothing.
[[nodiscard]] Conversation MergeConversation(const MergedView& view, const ConversationRow& row,
                                             bool active, const PendingCounts& counts);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MERGED_VIEW_H_
