#include "daemon/store/outbox_rows.h"

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

#define HARK_SEND_COLUMNS                                                            \
  "position, message_id, conversation, delivery, created_at, role, failure_reason, " \
  "failure_message,"                                                                 \
  " content_type, metadata, content"

constexpr char kAny[] = "SELECT 1 FROM outbox LIMIT 1";
// Of each kind from its index: the rows themselves hold whole messages.
constexpr char kCount[] =
    "SELECT (SELECT count(*) FROM outbox WHERE kind = 1) + (SELECT count(*) FROM outbox WHERE kind "
    "= 2)";
constexpr char kList[] =
    "SELECT position, kind, conversation, delivery, message_id, read_sequence FROM outbox WHERE "
    "position > ?"
    " ORDER BY position LIMIT ?";
constexpr char kConversations[] =
    "SELECT conversation FROM outbox WHERE kind = 1 UNION SELECT conversation FROM outbox WHERE "
    "kind = 2";

constexpr char kInsertSend[] =
    "INSERT INTO outbox (kind, conversation, delivery, message_id, created_at, role, content_type, "
    "metadata, content)"
    " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kFindSend[] = "SELECT " HARK_SEND_COLUMNS " FROM outbox WHERE message_id = ?";
constexpr char kDeleteSend[] = "DELETE FROM outbox WHERE message_id = ? RETURNING 1";
constexpr char kFailSend[] =
    "UPDATE outbox SET delivery = ?, failure_reason = ?, failure_message = ? WHERE message_id = ?";
constexpr char kSendsBackward[] =
    "SELECT " HARK_SEND_COLUMNS
    " FROM outbox WHERE kind = 1 AND conversation = ? AND position < ?"
    " ORDER BY position DESC LIMIT ?";
constexpr char kSendIds[] =
    "SELECT message_id FROM outbox WHERE kind = 1 AND conversation = ? ORDER BY position";
constexpr char kAllSendIds[] = "SELECT message_id FROM outbox WHERE message_id IS NOT NULL";
constexpr char kCountSends[] =
    "SELECT count(*), coalesce(sum(delivery = ?), 0) FROM outbox WHERE kind = 1 AND conversation = "
    "?";
constexpr char kNewestSend[] =
    "SELECT created_at FROM outbox WHERE kind = 1 AND conversation = ? ORDER BY position DESC "
    "LIMIT 1";

constexpr char kFindMarker[] =
    "SELECT read_sequence FROM outbox WHERE kind = 2 AND conversation = ?";
constexpr char kDropMarker[] = "DELETE FROM outbox WHERE kind = 2 AND conversation = ?";
constexpr char kInsertMarker[] =
    "INSERT INTO outbox (kind, conversation, delivery, read_sequence) VALUES (2, ?, ?, ?)";
constexpr char kDeleteMarker[] =
    "DELETE FROM outbox WHERE kind = 2 AND conversation = ? AND read_sequence <= ? RETURNING 1";
constexpr char kAllMarkers[] = "SELECT conversation, read_sequence FROM outbox WHERE kind = 2";

constexpr auto kQueuedNumber = static_cast<std::int64_t>(Delivery::kQueued);
constexpr auto kFailedNumber = static_cast<std::int64_t>(Delivery::kFailed);

PendingSend ReadSend(const Query& query) {
  PendingSend send;
  send.position = query.GetUint(0);
  Message& message = send.message;
  message.id = MessageId(GetId(query, 1));
  message.conversation = ConversationId(query.GetText(2));
  message.delivery = static_cast<Delivery>(query.GetInt(3));
  message.created_at = GetTime(query, 4);
  message.role = static_cast<Role>(query.GetInt(5));
  if (!query.IsNull(6)) message.failure = DeliveryFailure{query.GetText(6), query.GetText(7)};
  message.content_type = GetContentType(query, 8);
  message.metadata = GetMetadata(query, 9);
  message.content = query.GetText(10);
  return send;
}

std::vector<MessageId> ReadIds(Query& query) {
  std::vector<MessageId> ids;
  while (query.Next()) ids.emplace_back(GetId(query, 0));
  return ids;
}

bool RunReturning(Query& query) {
  bool found = false;
  while (query.Next()) found = true;
  return found;
}

}  // namespace

bool IsOutboxEmpty(Connection& authored) {
  Query query(authored.statements(), kAny);
  return !query.Next();
}

std::uint64_t CountOutbox(Connection& authored) {
  return static_cast<std::uint64_t>(authored.ReadInt(kCount));
}

std::vector<OutboxEntry> ListOutbox(Connection& authored, std::uint64_t after_position,
                                    std::uint32_t limit) {
  Query query(authored.statements(), kList);
  query.Uint(after_position).Uint(limit);
  std::vector<OutboxEntry> entries;
  while (query.Next()) {
    OutboxEntry entry;
    entry.position = query.GetUint(0);
    entry.kind = static_cast<OutboxKind>(query.GetInt(1));
    entry.conversation = ConversationId(query.GetText(2));
    entry.delivery = static_cast<Delivery>(query.GetInt(3));
    if (!query.IsNull(4)) entry.message = MessageId(GetId(query, 4));
    entry.read_sequence = query.GetUint(5);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<ConversationId> OutboxConversations(Connection& authored) {
  Query query(authored.statements(), kConversations);
  std::vector<ConversationId> ids;
  while (query.Next()) ids.emplace_back(query.GetText(0));
  return ids;
}

void InsertSend(Connection& authored, const Message& message) {
  Query query(authored.statements(), kInsertSend);
  query.Text(message.conversation.value()).Int(kQueuedNumber);
  BindId(query, message.id.value());
  BindTime(query, message.created_at);
  query.Int(static_cast<std::int64_t>(message.role));
  BindContentType(query, message.content_type);
  BindMetadata(query, message.metadata);
  query.LongText(message.content).Run();
}

std::optional<PendingSend> FindSend(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kFindSend);
  BindId(query, id.value());
  if (!query.Next()) return std::nullopt;
  return ReadSend(query);
}

bool DeleteSend(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kDeleteSend);
  BindId(query, id.value());
  return RunReturning(query);
}

void FailSendRow(Connection& authored, const MessageId& id, const DeliveryFailure& failure) {
  Query query(authored.statements(), kFailSend);
  query.Int(kFailedNumber).Text(failure.reason).Text(failure.message);
  BindId(query, id.value());
  query.Run();
}

std::vector<PendingSend> ListSendsBackward(Connection& authored, const ConversationId& conversation,
                                           std::uint64_t below, std::uint32_t limit) {
  Query query(authored.statements(), kSendsBackward);
  query.Text(conversation.value()).Uint(below).Uint(limit);
  std::vector<PendingSend> sends;
  while (query.Next()) sends.push_back(ReadSend(query));
  return sends;
}

std::vector<MessageId> SendIdsOf(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kSendIds);
  query.Text(conversation.value());
  return ReadIds(query);
}

std::vector<MessageId> AllSendIds(Connection& authored) {
  Query query(authored.statements(), kAllSendIds);
  return ReadIds(query);
}

PendingCounts CountSends(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kCountSends);
  query.Int(kFailedNumber).Text(conversation.value());
  if (!query.Next()) return {};
  return {static_cast<std::uint32_t>(query.GetUint(0)),
          static_cast<std::uint32_t>(query.GetUint(1))};
}

std::optional<WallTime> NewestSendTime(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kNewestSend);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return GetTime(query, 0);
}

std::optional<Sequence> FindMarker(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kFindMarker);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return query.GetUint(0);
}

void ReplaceMarker(Connection& authored, const ConversationId& conversation,
                   Sequence read_sequence) {
  Query(authored.statements(), kDropMarker).Text(conversation.value()).Run();
  Query(authored.statements(), kInsertMarker)
      .Text(conversation.value())
      .Int(kQueuedNumber)
      .Uint(read_sequence)
      .Run();
}

bool DeleteMarker(Connection& authored, const ConversationId& conversation, Sequence up_to) {
  Query query(authored.statements(), kDeleteMarker);
  query.Text(conversation.value()).Uint(up_to);
  return RunReturning(query);
}

std::vector<std::pair<ConversationId, Sequence>> AllMarkers(Connection& authored) {
  Query query(authored.statements(), kAllMarkers);
  std::vector<std::pair<ConversationId, Sequence>> markers;
  while (query.Next()) markers.emplace_back(ConversationId(query.GetText(0)), query.GetUint(1));
  return markers;
}

}  // namespace hark::store
