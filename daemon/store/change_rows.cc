#include "daemon/store/change_rows.h"

#include <utility>

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

#define HARK_CHANGE_COLUMNS                                        \
  "position, failure_reason, failure_message, failure_can_retry, " \
  "failure_retry_after, content"

constexpr char kInsert[] =
    "INSERT INTO main.outbox (kind, conversation, delivery, message_id, content, base_revision, "
    "submitted_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING position";
constexpr char kRewrite[] = "UPDATE main.outbox SET content = ? WHERE position = ?";
constexpr char kRebase[] = "UPDATE main.outbox SET base_revision = ? WHERE position = ?";
constexpr char kAny[] = "SELECT 1 FROM outbox WHERE kind >= 3 LIMIT 1";
constexpr char kAnyIn[] = "SELECT 1 FROM outbox WHERE kind >= 3 AND conversation = ? LIMIT 1";
constexpr char kList[] = "SELECT " HARK_CHANGE_COLUMNS
                         " FROM outbox WHERE kind >= 3 AND message_id = ? ORDER BY position";
constexpr char kFind[] =
    "SELECT " HARK_CHANGE_COLUMNS " FROM outbox WHERE kind >= 3 AND position = ?";
constexpr char kMessages[] = "SELECT DISTINCT message_id FROM outbox WHERE kind >= 3";

struct Rest {
  std::uint64_t position = 0;
  std::optional<DeliveryFailure> failure;
  std::string content;
};

Rest ReadRest(const Query& query) {
  Rest rest;
  rest.position = query.GetUint(0);
  if (!query.IsNull(1)) {
    rest.failure = DeliveryFailure{query.GetText(1), query.GetText(2), query.GetBool(3),
                                   std::chrono::milliseconds(query.GetInt(4))};
  }
  rest.content = query.GetText(5);
  return rest;
}

ChangeRow Complete(Connection& authored, Rest rest) {
  ChangeRow change;
  if (auto row = FindOutboxRow(authored, rest.position)) change.row = *std::move(row);
  change.failure = std::move(rest.failure);
  change.content = std::move(rest.content);
  return change;
}

std::uint64_t Insert(Connection& authored, OutboxKind kind, const ConversationId& conversation,
                     const MessageId& message, const std::string& content,
                     std::uint64_t base_revision, WallTime at) {
  Query query(authored.statements(), kInsert);
  query.Int(static_cast<std::int64_t>(kind)).Text(conversation.value());
  query.Int(static_cast<std::int64_t>(Delivery::kQueued));
  BindId(query, message.value());
  query.LongText(content).Uint(base_revision);
  BindTime(query, at);
  std::uint64_t position = 0;
  while (query.Next()) position = query.GetUint(0);
  return position;
}

}  // namespace

std::uint64_t InsertEdit(Connection& authored, const ConversationId& conversation,
                         const MessageId& message, const std::string& content,
                         std::uint64_t base_revision, WallTime at) {
  return Insert(authored, OutboxKind::kEdit, conversation, message, content, base_revision, at);
}

std::uint64_t InsertDelete(Connection& authored, const ConversationId& conversation,
                           const MessageId& message, WallTime at) {
  return Insert(authored, OutboxKind::kDelete, conversation, message, std::string(), 0, at);
}

void RewriteEdit(Connection& authored, std::uint64_t position, const std::string& content) {
  Query(authored.statements(), kRewrite).LongText(content).Uint(position).Run();
}

void RebaseEdit(Connection& authored, std::uint64_t position, std::uint64_t base_revision) {
  Query(authored.statements(), kRebase).Uint(base_revision).Uint(position).Run();
}

bool HasChanges(Connection& authored) {
  Query query(authored.statements(), kAny);
  return query.Next();
}

bool HasChangesIn(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kAnyIn);
  query.Text(conversation.value());
  return query.Next();
}

std::vector<ChangeRow> ListChanges(Connection& authored, const MessageId& message) {
  std::vector<Rest> rests;
  {
    Query query(authored.statements(), kList);
    BindId(query, message.value());
    while (query.Next()) rests.push_back(ReadRest(query));
  }
  std::vector<ChangeRow> changes;
  changes.reserve(rests.size());
  for (Rest& rest : rests) changes.push_back(Complete(authored, std::move(rest)));
  return changes;
}

std::optional<ChangeRow> FindChange(Connection& authored, std::uint64_t position) {
  std::optional<Rest> rest;
  {
    Query query(authored.statements(), kFind);
    query.Uint(position);
    if (query.Next()) rest = ReadRest(query);
  }
  if (!rest) return std::nullopt;
  return Complete(authored, *std::move(rest));
}

std::vector<MessageId> ChangedMessages(Connection& authored) {
  Query query(authored.statements(), kMessages);
  std::vector<MessageId> ids;
  while (query.Next()) ids.emplace_back(GetId(query, 0));
  return ids;
}

}  // namespace hark::store
