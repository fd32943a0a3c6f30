#include "daemon/store/send_rows.h"

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

#define HARK_SEND_COLUMNS                                                            \
  "position, message_id, conversation, delivery, created_at, role, failure_reason, " \
  "failure_message, content_type, metadata, content, failure_can_retry, "            \
  "failure_retry_after, attempted, skipped, submitted_at"

constexpr char kInsert[] =
    "INSERT INTO main.outbox (kind, conversation, delivery, message_id, created_at, role, "
    "content_type, "
    "metadata, content, attempted, submitted_at)"
    " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING position";
constexpr char kFind[] =
    "SELECT " HARK_SEND_COLUMNS " FROM outbox WHERE kind = 1 AND message_id = ?";
constexpr char kRewrite[] = "UPDATE main.outbox SET content = ? WHERE position = ?";
constexpr char kSkip[] = "UPDATE main.outbox SET skipped = 1 WHERE position = ?";
constexpr char kBackward[] = "SELECT " HARK_SEND_COLUMNS
                             " FROM outbox WHERE kind = 1 AND conversation = ? AND position < ?"
                             " ORDER BY position DESC LIMIT ?";
constexpr char kForward[] = "SELECT " HARK_SEND_COLUMNS
                            " FROM outbox WHERE kind = 1 AND conversation = ? AND position > ?"
                            " ORDER BY position LIMIT ?";
constexpr char kIdsOf[] =
    "SELECT message_id FROM outbox WHERE kind = 1 AND conversation = ? ORDER BY position";
constexpr char kAllIds[] = "SELECT message_id FROM outbox WHERE kind = 1";
constexpr char kCount[] =
    "SELECT count(*), coalesce(sum(delivery IN (?, ?)), 0) FROM outbox WHERE kind = 1 AND "
    "conversation = ?";
constexpr char kNewest[] =
    "SELECT position FROM outbox WHERE kind = 1 AND conversation = ? ORDER BY position DESC LIMIT "
    "1";
constexpr char kNewestTime[] =
    "SELECT created_at FROM outbox WHERE kind = 1 AND conversation = ? ORDER BY position DESC "
    "LIMIT 1";

constexpr char kAddCancelled[] =
    "INSERT INTO cancelled (message_id, conversation, at) VALUES (?, ?, ?)"
    " ON CONFLICT (message_id) DO NOTHING";
constexpr char kAnyCancelled[] = "SELECT 1 FROM cancelled LIMIT 1";
constexpr char kFindCancelled[] = "SELECT conversation FROM cancelled WHERE message_id = ?";
constexpr char kAddRewritten[] =
    "INSERT INTO rewritten (message_id, at) VALUES (?, ?)"
    " ON CONFLICT (message_id) DO UPDATE SET at = excluded.at";
constexpr char kFindRewritten[] = "SELECT 1 FROM rewritten WHERE message_id = ?";
constexpr char kRemoveCancelled[] = "DELETE FROM cancelled WHERE message_id = ?";
constexpr char kForgetCancelled[] = "DELETE FROM cancelled WHERE at < ?";
constexpr char kForgetRewritten[] = "DELETE FROM rewritten WHERE at < ?";

PendingSend ReadSend(const Query& query) {
  PendingSend send;
  send.position = query.GetUint(0);
  Message& message = send.message;
  message.id = MessageId(GetId(query, 1));
  message.conversation = ConversationId(query.GetText(2));
  message.delivery = static_cast<Delivery>(query.GetInt(3));
  message.created_at = GetTime(query, 4);
  message.role = static_cast<Role>(query.GetInt(5));
  if (!query.IsNull(6)) {
    message.failure = DeliveryFailure{query.GetText(6), query.GetText(7), query.GetBool(11),
                                      std::chrono::milliseconds(query.GetInt(12))};
  }
  message.content_type = GetContentType(query, 8);
  message.metadata = GetMetadata(query, 9);
  message.content = query.GetText(10);
  send.attempted = query.GetBool(13);
  send.skipped = query.GetBool(14);
  send.submitted_at = GetTime(query, 15);
  return send;
}

std::vector<MessageId> ReadIds(Query& query) {
  std::vector<MessageId> ids;
  while (query.Next()) ids.emplace_back(GetId(query, 0));
  return ids;
}

std::vector<PendingSend> ListFrom(Connection& authored, const char* sql,
                                  const ConversationId& conversation, std::uint64_t position,
                                  std::uint32_t limit) {
  Query query(authored.statements(), sql);
  query.Text(conversation.value()).Uint(position).Uint(limit);
  std::vector<PendingSend> sends;
  while (query.Next()) sends.push_back(ReadSend(query));
  return sends;
}

}  // namespace

std::uint64_t InsertSend(Connection& authored, const PendingSend& send) {
  const Message& message = send.message;
  Query query(authored.statements(), kInsert);
  query.Text(message.conversation.value()).Int(static_cast<std::int64_t>(Delivery::kQueued));
  BindId(query, message.id.value());
  BindTime(query, message.created_at);
  query.Int(static_cast<std::int64_t>(message.role));
  BindContentType(query, message.content_type);
  BindMetadata(query, message.metadata);
  query.LongText(message.content).Bool(send.attempted);
  BindTime(query, send.submitted_at);
  std::uint64_t position = 0;
  while (query.Next()) position = query.GetUint(0);
  return position;
}

std::optional<PendingSend> FindSend(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kFind);
  BindId(query, id.value());
  if (!query.Next()) return std::nullopt;
  return ReadSend(query);
}

void RewriteSend(Connection& authored, std::uint64_t position, const std::string& content) {
  Query(authored.statements(), kRewrite).LongText(content).Uint(position).Run();
}

void SkipSend(Connection& authored, std::uint64_t position) {
  Query(authored.statements(), kSkip).Uint(position).Run();
}

std::vector<PendingSend> ListSendsBackward(Connection& authored, const ConversationId& conversation,
                                           std::uint64_t below, std::uint32_t limit) {
  return ListFrom(authored, kBackward, conversation, below, limit);
}

std::vector<PendingSend> ListSendsForward(Connection& authored, const ConversationId& conversation,
                                          std::uint64_t above, std::uint32_t limit) {
  return ListFrom(authored, kForward, conversation, above, limit);
}

std::vector<MessageId> SendIdsOf(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kIdsOf);
  query.Text(conversation.value());
  return ReadIds(query);
}

std::vector<MessageId> AllSendIds(Connection& authored) {
  Query query(authored.statements(), kAllIds);
  return ReadIds(query);
}

PendingCounts CountSends(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kCount);
  query.Int(static_cast<std::int64_t>(Delivery::kFailed));
  query.Int(static_cast<std::int64_t>(Delivery::kExpired)).Text(conversation.value());
  if (!query.Next()) return {};
  return {static_cast<std::uint32_t>(query.GetUint(0)),
          static_cast<std::uint32_t>(query.GetUint(1))};
}

std::optional<std::uint64_t> NewestSend(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kNewest);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return query.GetUint(0);
}

std::optional<WallTime> NewestSendTime(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kNewestTime);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return GetTime(query, 0);
}

void AddCancelled(Connection& authored, const MessageId& id, const ConversationId& conversation,
                  WallTime at) {
  Query query(authored.statements(), kAddCancelled);
  BindId(query, id.value());
  query.Text(conversation.value());
  BindTime(query, at);
  query.Run();
}

void RemoveCancelled(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kRemoveCancelled);
  BindId(query, id.value());
  query.Run();
}

bool HasCancelled(Connection& authored) {
  Query query(authored.statements(), kAnyCancelled);
  return query.Next();
}

std::optional<ConversationId> FindCancelled(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kFindCancelled);
  BindId(query, id.value());
  if (!query.Next()) return std::nullopt;
  return ConversationId(query.GetText(0));
}

void AddRewritten(Connection& authored, const MessageId& id, WallTime at) {
  Query query(authored.statements(), kAddRewritten);
  BindId(query, id.value());
  BindTime(query, at);
  query.Run();
}

bool IsRewritten(Connection& authored, const MessageId& id) {
  Query query(authored.statements(), kFindRewritten);
  BindId(query, id.value());
  return query.Next();
}

void ForgetIdsBefore(Connection& authored, WallTime at) {
  for (const char* sql : {kForgetCancelled, kForgetRewritten}) {
    Query query(authored.statements(), sql);
    BindTime(query, at);
    query.Run();
  }
}

}  // namespace hark::store
