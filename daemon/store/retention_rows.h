// What retention reads and removes: the tables retention and evicted, and the oldest messages of a
// conversation.

#ifndef HARK_DAEMON_STORE_RETENTION_ROWS_H_
#define HARK_DAEMON_STORE_RETENTION_ROWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/store/connection.h"

namespace hark::store {

// ---- authored.db ----

// Absent: the row goes.
void WriteRetention(Connection& authored, const ConversationId& conversation,
                    std::optional<std::uint32_t> days);
[[nodiscard]] std::optional<std::uint32_t> ReadRetention(Connection& authored,
                                                         const ConversationId& conversation);
[[nodiscard]] std::map<ConversationId, std::uint32_t> ReadRetentions(Connection& authored);

// Whether an edit or deletion of the message waits for the backend.
[[nodiscard]] bool HasPendingChange(Connection& authored, const MessageId& message);
// All such messages, by conversation.
[[nodiscard]] std::multimap<ConversationId, MessageId> PendingChanges(Connection& authored);

// ---- cache.db ----

// The highest sequence that was ever evicted of the conversation; 0 for none.
[[nodiscard]] Sequence ReadEvictedTo(Connection& cache, std::int64_t conversation);
void WriteEvictedTo(Connection& cache, std::int64_t conversation, Sequence to);

// A row that may go.
struct OldRow {
  std::int64_t key = 0;
  Sequence sequence = 0;
  WallTime created_at{};
  std::uint64_t bytes = 0;  // Of content and metadata.
};

// From which sequence on the rows of a conversation stay, whatever their age; kMaxSequence: none
// does.
[[nodiscard]] Sequence SparedFrom(Connection& cache, std::int64_t conversation, bool active);

// The oldest row above (sequence, key).
[[nodiscard]] std::optional<OldRow> NextOldRow(Connection& cache, std::int64_t conversation,
                                               Sequence sequence, std::int64_t key);

struct OldMessage {
  std::int64_t key = 0;
  Sequence sequence = 0;
  WallTime created_at{};
  MessageId id;
  std::string content;
};
// The oldest rows, at most `limit`.
[[nodiscard]] std::vector<OldMessage> OldestMessages(Connection& cache, std::int64_t conversation,
                                                     std::uint32_t limit);
// With its entry in the search index. ForgetHighestKeys() has to follow.
void DeleteMessage(Connection& cache, const OldMessage& message);

struct KeptConversation {
  std::int64_t key = 0;
  ConversationId id;
};
// Conversations with rows, by key, above `after`.
[[nodiscard]] std::vector<KeptConversation> ConversationsWithRows(Connection& cache,
                                                                  std::int64_t after,
                                                                  std::uint32_t limit);

// Bytes in use, and the rows that they hold.
struct CacheUse {
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
};
[[nodiscard]] CacheUse ReadCacheUse(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RETENTION_ROWS_H_
