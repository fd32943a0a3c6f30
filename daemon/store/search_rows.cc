#include "daemon/store/search_rows.h"

#include <algorithm>

#include "daemon/store/columns.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

constexpr char kMatch[] =
    "SELECT rowid FROM search WHERE search MATCH ? AND rowid >= ? AND rowid <= ?"
    " ORDER BY rowid LIMIT ?";
constexpr char kBlocks[] =
    "SELECT block, newest, oldest FROM search_blocks ORDER BY newest DESC, block DESC";
constexpr char kTime[] = "SELECT conversation, created_at FROM messages WHERE key = ?";
constexpr char kContent[] = "SELECT content FROM messages WHERE key = ?";
constexpr char kMessage[] =
    "SELECT messages.id, sequence, revision, role, deleted, created_at, edited_at, server_id, "
    "content_type, metadata, content, conversations.id FROM messages JOIN conversations"
    " ON conversations.key = messages.conversation WHERE messages.key = ?";
constexpr char kKeys[] = "SELECT key FROM messages WHERE conversation = ?";
constexpr char kHighestKey[] = "SELECT coalesce(max(key), 0) FROM messages";

}  // namespace

std::vector<std::int64_t> MatchingKeys(Connection& cache, const std::string& match,
                                       std::int64_t first, std::int64_t last, std::uint64_t limit) {
  Query query(cache.statements(), kMatch);
  query.Text(match).Int(first).Int(last).Uint(limit);
  std::vector<std::int64_t> keys;
  while (query.Next()) keys.push_back(query.GetInt(0));
  return keys;
}

std::vector<SearchBlock> ListSearchBlocks(Connection& cache) {
  Query query(cache.statements(), kBlocks);
  std::vector<SearchBlock> blocks;
  while (query.Next()) blocks.push_back({query.GetInt(0), GetTime(query, 1), GetTime(query, 2)});
  return blocks;
}

std::optional<MessageTime> FindMessageTime(Connection& cache, std::int64_t key) {
  Query query(cache.statements(), kTime);
  query.Int(key);
  if (!query.Next()) return std::nullopt;
  return MessageTime{query.GetInt(0), GetTime(query, 1)};
}

std::string ContentAt(Connection& cache, std::int64_t key) {
  Query query(cache.statements(), kContent);
  query.Int(key);
  return query.Next() ? query.GetText(0) : std::string();
}

std::optional<Message> MessageAt(Connection& cache, std::int64_t key) {
  Query query(cache.statements(), kMessage);
  query.Int(key);
  if (!query.Next()) return std::nullopt;
  return ReadMessageRow(query, ConversationId(query.GetText(11)));
}

std::vector<std::int64_t> KeysOf(Connection& cache, std::int64_t conversation) {
  Query query(cache.statements(), kKeys);
  query.Int(conversation);
  std::vector<std::int64_t> keys;
  while (query.Next()) keys.push_back(query.GetInt(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

IndexProgress ReadIndexProgress(Connection& cache) {
  const IndexedRange range = ReadIndexedRange(cache);
  const std::int64_t highest = std::max(cache.ReadInt(kHighestKey), range.indexed_to);
  return {static_cast<std::uint64_t>(range.indexed_to - range.unindexed_to),
          static_cast<std::uint64_t>(highest)};
}

}  // namespace hark::store
