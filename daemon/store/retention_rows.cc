#include "daemon/store/retention_rows.h"

#include "daemon/store/columns.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/gap_math.h"
#include "daemon/store/retention.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

constexpr char kWriteRetention[] =
    "INSERT INTO retention (conversation, days) VALUES (?, ?)"
    " ON CONFLICT (conversation) DO UPDATE SET days = excluded.days";
constexpr char kClearRetention[] = "DELETE FROM retention WHERE conversation = ?";
constexpr char kReadRetention[] = "SELECT days FROM retention WHERE conversation = ?";
constexpr char kReadRetentions[] = "SELECT conversation, days FROM retention";
// Kinds from 3 on are about a message that is there already.
constexpr char kPendingChange[] = "SELECT 1 FROM outbox WHERE message_id = ? AND kind >= 3";
constexpr char kPendingChanges[] =
    "SELECT conversation, message_id FROM outbox WHERE kind >= 3 AND message_id IS NOT NULL";

constexpr char kReadEvicted[] = "SELECT to_sequence FROM evicted WHERE conversation = ?";
constexpr char kWriteEvicted[] =
    "INSERT INTO evicted (conversation, to_sequence) VALUES (?, ?) ON CONFLICT (conversation)"
    " DO UPDATE SET to_sequence = excluded.to_sequence WHERE excluded.to_sequence > to_sequence";
constexpr char kHasUpTo[] =
    "SELECT 1 FROM messages WHERE conversation = ? AND sequence <= ? LIMIT 1";
constexpr char kNthNewest[] =
    "SELECT sequence FROM messages WHERE conversation = ? ORDER BY sequence DESC, key DESC"
    " LIMIT 1 OFFSET ?";
constexpr char kNextOld[] =
    "SELECT key, sequence, created_at, length(CAST(content AS BLOB)) + coalesce(length(metadata), "
    "0) FROM messages WHERE conversation = ? AND sequence >= ? AND (sequence > ? OR key > ?)"
    " ORDER BY sequence, key LIMIT 1";
constexpr char kOldest[] =
    "SELECT key, sequence, created_at, id, content FROM messages WHERE conversation = ?"
    " ORDER BY sequence, key LIMIT ?";
constexpr char kDelete[] = "DELETE FROM messages WHERE key = ?";
constexpr char kWithRows[] =
    "SELECT key, id FROM conversations WHERE key > ? AND row_count > 0 ORDER BY key LIMIT ?";

}  // namespace

void WriteRetention(Connection& authored, const ConversationId& conversation,
                    std::optional<std::uint32_t> days) {
  if (days) {
    Query(authored.statements(), kWriteRetention).Text(conversation.value()).Uint(*days).Run();
  } else {
    Query(authored.statements(), kClearRetention).Text(conversation.value()).Run();
  }
}

std::optional<std::uint32_t> ReadRetention(Connection& authored,
                                           const ConversationId& conversation) {
  Query query(authored.statements(), kReadRetention);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return static_cast<std::uint32_t>(query.GetUint(0));
}

std::map<ConversationId, std::uint32_t> ReadRetentions(Connection& authored) {
  Query query(authored.statements(), kReadRetentions);
  std::map<ConversationId, std::uint32_t> days;
  while (query.Next()) {
    days.emplace(ConversationId(query.GetText(0)), static_cast<std::uint32_t>(query.GetUint(1)));
  }
  return days;
}

bool HasPendingChange(Connection& authored, const MessageId& message) {
  Query query(authored.statements(), kPendingChange);
  BindId(query, message.value());
  return query.Next();
}

std::multimap<ConversationId, MessageId> PendingChanges(Connection& authored) {
  Query query(authored.statements(), kPendingChanges);
  std::multimap<ConversationId, MessageId> messages;
  while (query.Next()) {
    messages.emplace(ConversationId(query.GetText(0)), MessageId(GetId(query, 1)));
  }
  return messages;
}

Sequence ReadEvictedTo(Connection& cache, std::int64_t conversation) {
  Query query(cache.statements(), kReadEvicted);
  query.Int(conversation);
  return query.Next() ? query.GetUint(0) : 0;
}

void WriteEvictedTo(Connection& cache, std::int64_t conversation, Sequence to) {
  Query(cache.statements(), kWriteEvicted).Int(conversation).Uint(to).Run();
}

Sequence SparedFrom(Connection& cache, std::int64_t conversation, bool active) {
  if (!active) return kMaxSequence;
  {
    Query fetched_again(cache.statements(), kHasUpTo);
    fetched_again.Int(conversation).Uint(ReadEvictedTo(cache, conversation));
    if (fetched_again.Next()) return 0;
  }
  Query query(cache.statements(), kNthNewest);
  query.Int(conversation).Uint(kSparedMessages - 1);
  return query.Next() ? query.GetUint(0) : 0;
}

std::optional<OldRow> NextOldRow(Connection& cache, std::int64_t conversation, Sequence sequence,
                                 std::int64_t key) {
  Query query(cache.statements(), kNextOld);
  query.Int(conversation).Uint(sequence).Uint(sequence).Int(key);
  if (!query.Next()) return std::nullopt;
  return OldRow{query.GetInt(0), query.GetUint(1), GetTime(query, 2), query.GetUint(3)};
}

std::vector<OldMessage> OldestMessages(Connection& cache, std::int64_t conversation,
                                       std::uint32_t limit) {
  Query query(cache.statements(), kOldest);
  query.Int(conversation).Uint(limit);
  std::vector<OldMessage> messages;
  while (query.Next()) {
    messages.push_back({query.GetInt(0), query.GetUint(1), GetTime(query, 2),
                        MessageId(GetId(query, 3)), query.GetText(4)});
  }
  return messages;
}

void DeleteMessage(Connection& cache, const OldMessage& message) {
  if (ReadIndexedRange(cache).Contains(message.key)) {
    RemoveFromIndex(cache, message.key, message.content);
  }
  Query(cache.statements(), kDelete).Int(message.key).Run();
}

std::vector<KeptConversation> ConversationsWithRows(Connection& cache, std::int64_t after,
                                                    std::uint32_t limit) {
  Query query(cache.statements(), kWithRows);
  query.Int(after).Uint(limit);
  std::vector<KeptConversation> found;
  while (query.Next()) found.push_back({query.GetInt(0), ConversationId(query.GetText(1))});
  return found;
}

CacheUse ReadCacheUse(Connection& cache) {
  const auto pages = static_cast<std::uint64_t>(cache.ReadInt("PRAGMA page_count"));
  const auto unused = static_cast<std::uint64_t>(cache.ReadInt("PRAGMA freelist_count"));
  const auto page_bytes = static_cast<std::uint64_t>(cache.ReadInt("PRAGMA page_size"));
  return {(pages - unused) * page_bytes, CountConversationsAndMessages(cache).messages};
}

}  // namespace hark::store
