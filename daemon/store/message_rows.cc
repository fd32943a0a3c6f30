#include "daemon/store/message_rows.h"

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/columns.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

#define HARK_MESSAGE_COLUMNS                                                                \
  "id, sequence, revision, role, deleted, created_at, edited_at, server_id, content_type, " \
  "metadata, content"

constexpr char kInsert[] =
    "INSERT INTO messages (conversation, id, sequence, revision, role, deleted, created_at, "
    "edited_at, server_id,"
    " content_type, metadata, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
    "(id) DO NOTHING";
constexpr char kUpdate[] =
    "UPDATE messages SET sequence = ?, revision = ?, role = ?, deleted = ?, created_at = ?, "
    "edited_at = ?,"
    " server_id = ?, content_type = ?, metadata = ?, content = ? WHERE key = ?";
constexpr char kContent[] = "SELECT content FROM messages WHERE key = ?";
constexpr char kFindPlace[] =
    "SELECT key, conversation, sequence, revision, role, deleted FROM messages WHERE id = ?";
constexpr char kFind[] =
    "SELECT messages.id, sequence, revision, role, deleted, created_at, edited_at, server_id, "
    "content_type, metadata,"
    " content, conversations.id FROM messages JOIN conversations ON conversations.key = "
    "messages.conversation"
    " WHERE messages.id = ?";
constexpr char kOtherAt[] =
    "SELECT 1 FROM messages WHERE conversation = ? AND sequence = ? AND id <> ?";
constexpr char kHighest[] =
    "SELECT coalesce(max(sequence), 0) FROM messages WHERE conversation = ?";
constexpr char kCount[] =
    "SELECT count(*) FROM messages WHERE conversation = ? AND sequence >= ? AND sequence <= ? AND "
    "deleted = 0";
constexpr char kCountUnread[] =
    "SELECT count(*) FROM messages WHERE conversation = ? AND sequence >= ? AND sequence <= ? AND "
    "deleted = 0"
    " AND role <> ?";
constexpr char kNewest[] =
    "SELECT created_at, deleted, content FROM messages WHERE conversation = ? AND sequence > ?"
    " ORDER BY sequence DESC, key DESC LIMIT 32";

void BindBody(Query& query, const Message& message) {
  query.Uint(message.sequence).Uint(message.revision).Int(static_cast<std::int64_t>(message.role));
  query.Bool(message.deleted);
  BindTime(query, message.created_at);
  BindTime(query, message.edited_at);
  BindServerId(query, message.server_id, message.id.value());
  BindContentType(query, message.content_type);
  BindMetadata(query, message.metadata);
  query.LongText(message.content);
}

std::string ContentOf(Connection& cache, std::int64_t key) {
  Query query(cache.statements(), kContent);
  query.Int(key);
  return query.Next() ? query.GetText(0) : std::string();
}

}  // namespace

const char kMessagesBackward[] =
    "SELECT " HARK_MESSAGE_COLUMNS
    " FROM messages WHERE conversation = ? AND sequence > ? AND sequence <= ?"
    " AND (sequence < ? OR key < ?) ORDER BY sequence DESC, key DESC";

const char kMessagesForward[] =
    "SELECT " HARK_MESSAGE_COLUMNS
    " FROM messages WHERE conversation = ? AND sequence >= ? AND sequence < ?"
    " AND (sequence > ? OR key > ?) ORDER BY sequence, key";

bool InsertMessage(Connection& cache, std::int64_t conversation, const Message& message) {
  Query query(cache.statements(), kInsert);
  query.Int(conversation);
  BindId(query, message.id.value());
  BindBody(query, message);
  query.Run();
  return cache.LastChanges() > 0;
}

void UpdateMessage(Connection& cache, std::int64_t key, const Message& message) {
  const bool indexed = ReadIndexedRange(cache).Contains(key);
  // The index is told exactly what it was told before, or it would be wrong for ever.
  if (indexed) RemoveFromIndex(cache, key, ContentOf(cache, key));
  Query query(cache.statements(), kUpdate);
  BindBody(query, message);
  query.Int(key).Run();
  if (!indexed) return;
  AddToIndex(cache, key, message.content);
  NoteTimeInIndex(cache, key, message.created_at);
}

std::optional<MessagePlace> FindMessagePlace(Connection& cache, const MessageId& id) {
  Query query(cache.statements(), kFindPlace);
  BindId(query, id.value());
  if (!query.Next()) return std::nullopt;
  MessagePlace place;
  place.key = query.GetInt(0);
  place.conversation = query.GetInt(1);
  place.sequence = query.GetUint(2);
  place.revision = query.GetUint(3);
  place.role = static_cast<Role>(query.GetInt(4));
  place.deleted = query.GetBool(5);
  return place;
}

std::optional<Message> FindMessage(Connection& cache, const MessageId& id) {
  Query query(cache.statements(), kFind);
  BindId(query, id.value());
  if (!query.Next()) return std::nullopt;
  return ReadMessageRow(query, ConversationId(query.GetText(11)));
}

Message ReadMessageRow(const Query& query, const ConversationId& conversation) {
  Message message;
  message.id = MessageId(GetId(query, 0));
  message.conversation = conversation;
  message.sequence = query.GetUint(1);
  message.revision = query.GetUint(2);
  message.role = static_cast<Role>(query.GetInt(3));
  message.deleted = query.GetBool(4);
  message.created_at = GetTime(query, 5);
  message.edited_at = GetOptionalTime(query, 6);
  message.server_id = GetServerId(query, 7, message.id.value());
  message.content_type = GetContentType(query, 8);
  message.metadata = GetMetadata(query, 9);
  message.content = query.GetText(10);
  message.delivery = Delivery::kSent;
  return message;
}

bool HasOtherAt(Connection& cache, std::int64_t conversation, const Message& message) {
  Query query(cache.statements(), kOtherAt);
  query.Int(conversation).Uint(message.sequence);
  BindId(query, message.id.value());
  return query.Next();
}

Sequence HighestSequence(Connection& cache, std::int64_t conversation) {
  Query query(cache.statements(), kHighest);
  query.Int(conversation);
  return query.Next() ? query.GetUint(0) : 0;
}

bool CountsAsUnread(Role role, bool deleted) {
  return !deleted && role != Role::kUser;
}

std::uint64_t CountMessages(Connection& cache, std::int64_t conversation, Sequence from,
                            Sequence to) {
  if (from > to) return 0;
  Query query(cache.statements(), kCount);
  query.Int(conversation).Uint(from).Uint(to);
  return query.Next() ? query.GetUint(0) : 0;
}

std::uint64_t CountUnread(Connection& cache, std::int64_t conversation, Sequence from,
                          Sequence to) {
  if (from > to) return 0;
  Query query(cache.statements(), kCountUnread);
  query.Int(conversation).Uint(from).Uint(to).Int(static_cast<std::int64_t>(Role::kUser));
  return query.Next() ? query.GetUint(0) : 0;
}

std::optional<NewestMessages> FindNewest(Connection& cache, std::int64_t conversation,
                                         Sequence floor) {
  Query query(cache.statements(), kNewest);
  query.Int(conversation).Uint(floor);
  std::optional<NewestMessages> newest;
  while (query.Next()) {
    if (!newest) newest = NewestMessages{GetTime(query, 0), std::nullopt};
    if (query.GetBool(1)) continue;
    newest->preview = PreviewOf(query.GetBytes(2));
    break;
  }
  return newest;
}

std::string PreviewOf(std::string_view content) {
  return std::string(FirstCharacters(content, limits::kPreviewCharacters));
}

}  // namespace hark::store
