#include "tools/backend/conversation_rows.h"

#include <limits>

#include "tools/backend/query.h"

namespace hark::backend {
namespace {

constexpr char kColumns[] =
    "SELECT conversation, id, title, last_sequence, message_count, read_sequence, unread_count,"
    " last_activity_at, last_accepted_at, preview FROM conversations ";

ConversationRow Read(const Query& query) {
  ConversationRow row;
  row.key = query.Int(0);
  row.id = query.Text(1);
  row.title = query.Text(2);
  row.last_sequence = query.Uint(3);
  row.message_count = query.Uint(4);
  row.read_sequence = query.Uint(5);
  row.unread_count = query.Uint(6);
  row.last_activity_at = query.Time(7);
  row.last_accepted_at = query.Time(8);
  row.preview = query.Text(9);
  return row;
}

}  // namespace

Conversation ConversationRow::ToWire() const {
  Conversation conversation;
  conversation.set_id(id);
  conversation.set_title(title);
  conversation.set_last_sequence(last_sequence);
  conversation.set_message_count(message_count);
  conversation.set_read_sequence(read_sequence);
  conversation.set_unread_count(unread_count);
  *conversation.mutable_last_activity_at() = ToTimestamp(last_activity_at);
  conversation.set_preview(preview);
  return conversation;
}

ConversationRows::ConversationRows(SQLite::Database& database)
    : find_(database, std::string(kColumns) + "WHERE account = ? AND id = ?"),
      insert_(database,
              "INSERT INTO conversations (account, id, title, last_sequence, message_count,"
              " read_sequence, unread_count, last_activity_at, last_accepted_at, preview)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING conversation"),
      update_(database,
              "UPDATE conversations SET last_sequence = ?2, message_count = ?3, read_sequence = ?4,"
              " unread_count = ?5, last_activity_at = ?6, last_accepted_at = ?7, preview = ?8"
              " WHERE conversation = ?1"),
      list_(database, std::string(kColumns) +
                          "WHERE account = ? AND (last_activity_at, conversation) < (?, ?)"
                          " ORDER BY last_activity_at DESC, conversation DESC LIMIT ?") {}

std::optional<ConversationRow> ConversationRows::Find(AccountKey account, const std::string& id) {
  Query query(find_, account, id);
  if (!query.Next()) return std::nullopt;
  return Read(query);
}

ConversationKey ConversationRows::Insert(AccountKey account, const ConversationRow& row) {
  Query query(insert_, account, row.id, row.title, row.last_sequence, row.message_count,
              row.read_sequence, row.unread_count, row.last_activity_at, row.last_accepted_at,
              row.preview);
  query.Next();
  const ConversationKey key = query.Int(0);
  query.Run();
  return key;
}

void ConversationRows::Update(const ConversationRow& row) {
  Query(update_, row.key, row.last_sequence, row.message_count, row.read_sequence, row.unread_count,
        row.last_activity_at, row.last_accepted_at, row.preview)
      .Run();
}

std::vector<ConversationRow> ConversationRows::List(AccountKey account,
                                                    const std::optional<ListPosition>& after,
                                                    std::uint32_t limit) {
  constexpr auto kEnd = std::numeric_limits<std::int64_t>::max();
  const ListPosition from =
      after.value_or(ListPosition{TimePoint(std::chrono::microseconds(kEnd)), kEnd});
  std::vector<ConversationRow> rows;
  Query query(list_, account, from.last_activity_at, from.key, static_cast<std::uint64_t>(limit));
  while (query.Next()) rows.push_back(Read(query));
  return rows;
}

}  // namespace hark::backend
