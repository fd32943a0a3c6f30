#include "tools/backend/message_rows.h"

#include "tools/backend/query.h"

namespace hark::backend {
namespace {

constexpr char kColumns[] =
    "SELECT messages.conversation, conversations.id, sequence, messages.id, revision, role,"
    " content, content_type, metadata, created_at, edited_at, deleted, accepted_at, first_digest"
    " FROM messages JOIN conversations USING (conversation) ";

MessageRow Read(const Query& query) {
  MessageRow row;
  row.conversation = query.Int(0);
  Message& message = row.message;
  // First, since it replaces what the message holds.
  if (std::string metadata = query.Text(8); !metadata.empty()) message.ParseFromString(metadata);
  message.set_conversation_id(query.Text(1));
  message.set_sequence(query.Uint(2));
  message.set_id(query.Text(3));
  message.set_revision(query.Uint(4));
  message.set_role(static_cast<wire::Role>(query.Int(5)));
  message.set_content(query.Text(6));
  message.set_content_type(query.Text(7));
  *message.mutable_created_at() = ToTimestamp(query.Time(9));
  if (!query.IsNull(10)) *message.mutable_edited_at() = ToTimestamp(query.Time(10));
  message.set_deleted(query.Int(11) != 0);
  row.accepted_at = query.Time(12);
  if (!query.IsNull(13)) row.first_digest = query.Text(13);
  return row;
}

std::string SerialiseMetadata(const Message& message) {
  if (message.metadata().empty()) return {};
  Message holder;
  *holder.mutable_metadata() = message.metadata();
  return holder.SerializeAsString();
}

std::optional<TimePoint> EditedAt(const Message& message) {
  if (!message.has_edited_at()) return std::nullopt;
  return FromTimestamp(message.edited_at());
}

std::optional<Blob> AsBlob(const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  return Blob{*bytes};
}

}  // namespace

MessageRows::MessageRows(SQLite::Database& database)
    : insert_(database,
              "INSERT INTO messages (conversation, sequence, account, id, revision, role, content,"
              " content_type, metadata, created_at, edited_at, deleted, accepted_at)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      update_(database,
              "UPDATE messages SET revision = ?3, content = ?4, content_type = ?5, metadata = ?6,"
              " edited_at = ?7, deleted = ?8, first_digest = ?9"
              " WHERE conversation = ?1 AND sequence = ?2"),
      by_id_(database, std::string(kColumns) + "WHERE messages.account = ? AND messages.id = ?"),
      by_sequence_(database,
                   std::string(kColumns) + "WHERE messages.conversation = ? AND sequence = ?"),
      range_(database, std::string(kColumns) +
                           "WHERE messages.conversation = ? AND sequence BETWEEN ? AND ?"
                           " ORDER BY sequence"),
      nth_visible_(database,
                   "SELECT sequence FROM messages WHERE conversation = ? AND sequence < ?"
                   " AND deleted = 0 ORDER BY sequence DESC LIMIT 1 OFFSET ?"),
      count_unread_(database,
                    "SELECT count(*) FROM messages WHERE conversation = ? AND sequence > ?"
                    " AND deleted = 0 AND role <> 1"),
      accepted_after_(database,
                      std::string(kColumns) +
                          "WHERE accepted_at > ? ORDER BY accepted_at, conversation, sequence") {}

void MessageRows::Insert(AccountKey account, const MessageRow& row) {
  const Message& message = row.message;
  Query(insert_, row.conversation, message.sequence(), account, message.id(), message.revision(),
        std::int64_t{message.role()}, message.content(), message.content_type(),
        Blob{SerialiseMetadata(message)}, FromTimestamp(message.created_at()), EditedAt(message),
        std::int64_t{message.deleted()}, row.accepted_at)
      .Run();
}

void MessageRows::Update(const MessageRow& row) {
  const Message& message = row.message;
  Query(update_, row.conversation, message.sequence(), message.revision(), message.content(),
        message.content_type(), Blob{SerialiseMetadata(message)}, EditedAt(message),
        std::int64_t{message.deleted()}, AsBlob(row.first_digest))
      .Run();
}

std::optional<MessageRow> MessageRows::FindById(AccountKey account, const std::string& id) {
  Query query(by_id_, account, id);
  if (!query.Next()) return std::nullopt;
  return Read(query);
}

std::optional<MessageRow> MessageRows::FindBySequence(ConversationKey conversation,
                                                      std::uint64_t sequence) {
  Query query(by_sequence_, conversation, sequence);
  if (!query.Next()) return std::nullopt;
  return Read(query);
}

void MessageRows::ReadRange(ConversationKey conversation, std::uint64_t from, std::uint64_t to,
                            std::vector<Message>* out) {
  Query query(range_, conversation, from, to);
  while (query.Next()) out->push_back(Read(query).message);
}

std::uint64_t MessageRows::NthVisibleBefore(ConversationKey conversation, std::uint64_t before,
                                            std::uint64_t skip) {
  Query query(nth_visible_, conversation, before, skip);
  return query.Next() ? query.Uint(0) : 0;
}

std::uint64_t MessageRows::CountUnread(ConversationKey conversation, std::uint64_t read_sequence) {
  Query query(count_unread_, conversation, read_sequence);
  return query.Next() ? query.Uint(0) : 0;
}

void MessageRows::ForEachAcceptedAfter(TimePoint cutoff,
                                       const std::function<void(MessageRow)>& visit) {
  Query query(accepted_after_, cutoff);
  while (query.Next()) visit(Read(query));
}

}  // namespace hark::backend
