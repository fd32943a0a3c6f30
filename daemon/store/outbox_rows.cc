#include "daemon/store/outbox_rows.h"

#include "daemon/base/limits.h"
#include "daemon/store/columns.h"

namespace hark::store {
namespace {

#define HARK_OUTBOX_COLUMNS                                                            \
  "position, kind, conversation, delivery, message_id, read_sequence, base_revision, " \
  "skipped, submitted_at, attempted"

constexpr char kAny[] = "SELECT 1 FROM outbox LIMIT 1";
// Of each kind from its index: the rows themselves hold whole messages.
constexpr char kCount[] =
    "SELECT (SELECT count(*) FROM outbox WHERE kind = 1) + (SELECT count(*) FROM outbox WHERE kind "
    "= 2) + (SELECT count(*) FROM outbox WHERE kind >= 3)";
constexpr char kNewest[] = "SELECT coalesce(max(position), 0) FROM main.outbox";
constexpr char kSpan[] =
    "SELECT coalesce((SELECT max(position) FROM main.outbox), 0) -"
    " coalesce((SELECT min(position) FROM main.outbox), 0) + 1";
constexpr char kList[] = "SELECT " HARK_OUTBOX_COLUMNS " FROM outbox ORDER BY position";
constexpr char kStopped[] = "SELECT " HARK_OUTBOX_COLUMNS
                            " FROM outbox WHERE delivery IN (?1, ?2) AND kind <> 2"
                            " AND (?3 IS NULL OR conversation = ?3) ORDER BY position";
// What an OutboxQuery asks for. Read from the beginning of each row, which holds no content.
#define HARK_OUTBOX_ASKED                                              \
  " FROM outbox WHERE kind <> 2 AND (?1 IS NULL OR conversation = ?1)" \
  " AND (?2 = 0 OR delivery IN (?3, ?4))"
constexpr char kAsked[] =
    "SELECT " HARK_OUTBOX_COLUMNS HARK_OUTBOX_ASKED " AND position > ?5 ORDER BY position LIMIT ?6";
constexpr char kCountAsked[] = "SELECT count(*)" HARK_OUTBOX_ASKED;
constexpr char kSendsAsked[] = "SELECT message_id" HARK_OUTBOX_ASKED " AND kind = 1";
constexpr char kFind[] = "SELECT " HARK_OUTBOX_COLUMNS " FROM outbox WHERE position = ?";
constexpr char kConversations[] =
    "SELECT conversation FROM outbox WHERE kind = 1 UNION SELECT conversation FROM outbox WHERE "
    "kind = 2 UNION SELECT conversation FROM outbox WHERE kind >= 3";

constexpr char kDelete[] = "DELETE FROM main.outbox WHERE position = ?";
constexpr char kAttempted[] = "UPDATE main.outbox SET attempted = ? WHERE position = ?";
constexpr char kFail[] =
    "UPDATE main.outbox SET delivery = ?, attempted = 0, failure_reason = ?, failure_message = ?,"
    " failure_can_retry = ?, failure_retry_after = ? WHERE position = ?";
constexpr char kExpire[] = "UPDATE main.outbox SET delivery = ? WHERE position = ?";
constexpr char kRequeue[] =
    "UPDATE main.outbox SET delivery = ?, skipped = 0, submitted_at = ?, failure_reason = NULL,"
    " failure_message = NULL, failure_can_retry = 0, failure_retry_after = 0 WHERE position = ?";

constexpr auto kQueuedNumber = static_cast<std::int64_t>(Delivery::kQueued);
constexpr auto kFailedNumber = static_cast<std::int64_t>(Delivery::kFailed);
constexpr auto kExpiredNumber = static_cast<std::int64_t>(Delivery::kExpired);

OutboxRow ReadRow(const Query& query) {
  OutboxRow row;
  row.entry.position = query.GetUint(0);
  row.entry.kind = static_cast<OutboxKind>(query.GetInt(1));
  row.entry.conversation = ConversationId(query.GetText(2));
  row.entry.delivery = static_cast<Delivery>(query.GetInt(3));
  if (!query.IsNull(4)) row.entry.message = MessageId(GetId(query, 4));
  row.entry.read_sequence = query.GetUint(5);
  row.entry.base_revision = query.GetUint(6);
  row.entry.skipped = query.GetBool(7);
  row.entry.submitted_at = GetTime(query, 8);
  row.attempted = query.GetBool(9);
  return row;
}

std::vector<OutboxRow> ReadRows(Query& query) {
  std::vector<OutboxRow> rows;
  while (query.Next()) rows.push_back(ReadRow(query));
  return rows;
}

void BindAsked(Query& query, const OutboxQuery& asked) {
  if (asked.conversation) {
    query.Text(asked.conversation->value());
  } else {
    query.Null();
  }
  query.Bool(asked.stopped).Int(kFailedNumber).Int(kExpiredNumber);
}

}  // namespace

bool IsOutboxEmpty(Connection& authored) {
  Query query(authored.statements(), kAny);
  return !query.Next();
}

std::uint64_t CountOutbox(Connection& authored) {
  return static_cast<std::uint64_t>(authored.ReadInt(kCount));
}

std::uint64_t NewestPosition(Connection& authored) {
  return static_cast<std::uint64_t>(authored.ReadInt(kNewest));
}

bool HasOutboxRoom(Connection& authored) {
  // Positions are used once, so that usually it need not be counted.
  const std::int64_t span = authored.ReadInt(kSpan);
  return static_cast<std::size_t>(span) <= limits::kOutboxEntries - 1 ||
         CountOutbox(authored) < limits::kOutboxEntries;
}

std::vector<OutboxRow> ListOutbox(Connection& authored) {
  Query query(authored.statements(), kList);
  return ReadRows(query);
}

std::vector<OutboxRow> ListStopped(Connection& authored,
                                   const std::optional<ConversationId>& conversation) {
  Query query(authored.statements(), kStopped);
  query.Int(kFailedNumber).Int(kExpiredNumber);
  if (conversation) {
    query.Text(conversation->value());
  } else {
    query.Null();
  }
  return ReadRows(query);
}

std::vector<OutboxRow> ListAsked(Connection& authored, const OutboxQuery& query,
                                 std::uint64_t after, std::uint32_t count) {
  Query rows(authored.statements(), kAsked);
  BindAsked(rows, query);
  rows.Uint(after).Uint(count);
  return ReadRows(rows);
}

std::uint64_t CountAsked(Connection& authored, const OutboxQuery& query) {
  Query count(authored.statements(), kCountAsked);
  BindAsked(count, query);
  return count.Next() ? count.GetUint(0) : 0;
}

std::vector<MessageId> SendIdsAsked(Connection& authored, const OutboxQuery& query) {
  Query sends(authored.statements(), kSendsAsked);
  BindAsked(sends, query);
  std::vector<MessageId> ids;
  while (sends.Next()) ids.emplace_back(GetId(sends, 0));
  return ids;
}

std::optional<OutboxRow> FindOutboxRow(Connection& authored, std::uint64_t position) {
  Query query(authored.statements(), kFind);
  query.Uint(position);
  if (!query.Next()) return std::nullopt;
  return ReadRow(query);
}

std::vector<ConversationId> OutboxConversations(Connection& authored) {
  Query query(authored.statements(), kConversations);
  std::vector<ConversationId> ids;
  while (query.Next()) ids.emplace_back(query.GetText(0));
  return ids;
}

void DeleteOutboxRow(Connection& authored, std::uint64_t position) {
  Query(authored.statements(), kDelete).Uint(position).Run();
}

void SetAttempted(Connection& authored, std::uint64_t position, bool attempted) {
  Query(authored.statements(), kAttempted).Bool(attempted).Uint(position).Run();
}

void FailOutboxRow(Connection& authored, std::uint64_t position, const DeliveryFailure& failure) {
  Query query(authored.statements(), kFail);
  query.Int(kFailedNumber).Text(failure.reason).Text(failure.message).Bool(failure.can_retry);
  query.Int(failure.retry_after.count()).Uint(position).Run();
}

void ExpireOutboxRow(Connection& authored, std::uint64_t position) {
  Query(authored.statements(), kExpire).Int(kExpiredNumber).Uint(position).Run();
}

void RequeueOutboxRow(Connection& authored, std::uint64_t position, WallTime at) {
  Query query(authored.statements(), kRequeue);
  query.Int(kQueuedNumber);
  BindTime(query, at);
  query.Uint(position).Run();
}

}  // namespace hark::store
