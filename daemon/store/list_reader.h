// The conversation list, single conversations, and numbers about the store, read from one snapshot.

#ifndef HARK_DAEMON_STORE_LIST_READER_H_
#define HARK_DAEMON_STORE_LIST_READER_H_

#include "daemon/base/result.h"
#include "daemon/store/reader.h"
#include "daemon/store/reader_pool.h"

namespace hark::store {

[[nodiscard]] Result<ConversationPage> ListConversations(const Snapshot& snapshot,
                                                         const ConversationQuery& query);
[[nodiscard]] Result<Conversation> GetConversation(const Snapshot& snapshot,
                                                   const ConversationId& id);
[[nodiscard]] OutboxState ReadOutbox(const Snapshot& snapshot);
[[nodiscard]] Result<OutgoingEntry> ReadOutgoing(const Snapshot& snapshot, std::uint64_t position);
// All but the sizes of the files.
[[nodiscard]] StoreStatistics ReadStatistics(const Snapshot& snapshot);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_LIST_READER_H_
