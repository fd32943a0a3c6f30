#include "daemon/store/salvage_rows.h"

#include <algorithm>
#include <chrono>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/message_rows.h"

namespace hark::store {
namespace {

using Kind = RecordValue::Kind;

// The columns of the table messages, in the order of migrations/cache.
enum MessageColumn : std::size_t {
  kKey,
  kConversation,
  kSequence,
  kId,
  kRevision,
  kRole,
  kDeleted,
  kCreatedAt,
  kEditedAt,
  kServerId,
  kContentType,
  kMetadata,
  kContent,
  kMessageColumns,
};

constexpr std::size_t kConversationColumns = 17;

// In the order that ReadMessageRow() takes them.
constexpr char kMessageValues[] = "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";

bool IsNullOr(const RecordValue& value, Kind kind) {
  return value.is(Kind::kNull) || value.is(kind);
}

bool IsId(const RecordValue& value) {
  return (value.is(Kind::kText) || value.is(Kind::kBlob)) && !value.bytes.empty() &&
         value.bytes.size() <= limits::kIdBytes;
}

bool IsSequence(const RecordValue& value) {
  return value.is(Kind::kInteger) && value.integer >= 0 &&
         static_cast<std::uint64_t>(value.integer) <= kMaxSequence;
}

std::uint64_t Uint(const RecordValue& value) {
  return static_cast<std::uint64_t>(value.integer);
}

WallTime Time(const RecordValue& value) {
  return WallTime(std::chrono::milliseconds(value.integer));
}

void Bind(Query& query, const RecordValue& value) {
  switch (value.kind) {
    case Kind::kNull:
    case Kind::kReal: query.Null(); break;
    case Kind::kInteger: query.Int(value.integer); break;
    case Kind::kText: query.LongText(value.bytes); break;
    case Kind::kBlob: query.Blob(value.bytes); break;
  }
}

}  // namespace

std::optional<ConversationRow> AsConversation(const FoundRow& row) {
  const Record& v = row.values;
  if (v.size() < kConversationColumns || !v[0].is(Kind::kNull) || !v[1].is(Kind::kText) ||
      !IsId(v[1]) || !v[2].is(Kind::kText) || !v[16].is(Kind::kText))
    return std::nullopt;
  for (std::size_t i = 3; i < 16; ++i) {
    if (!v[i].is(Kind::kInteger)) return std::nullopt;
    if (i < 14 && !IsSequence(v[i])) return std::nullopt;
  }
  ConversationRow result;
  result.key = row.rowid;
  result.id = ConversationId(v[1].bytes);
  result.title = v[2].bytes;
  result.last_sequence = Uint(v[3]);
  result.read_sequence = Uint(v[4]);
  result.message_count = Uint(v[7]);
  result.unread_count = Uint(v[9]);
  result.last_activity_at = Time(v[14]);
  result.listed_at = Time(v[15]);
  result.preview = v[16].bytes;
  if (!IsValidUtf8(result.id.value()) || !IsValidUtf8(result.title) || !IsValidUtf8(result.preview))
    return std::nullopt;
  return result;
}

std::optional<ConversationRow> AsListedConversation(const FoundRow& row) {
  const Record& v = row.values;
  if (v.size() != 3 || !v[0].is(Kind::kInteger) || !v[1].is(Kind::kText) || !IsId(v[1]) ||
      !v[2].is(Kind::kInteger) || !IsValidUtf8(v[1].bytes))
    return std::nullopt;
  ConversationRow result;
  result.key = v[2].integer;
  result.id = ConversationId(v[1].bytes);
  result.last_activity_at = Time(v[0]);
  result.listed_at = Time(v[0]);
  return result;
}

std::optional<SalvagedGap> AsGap(const FoundRow& row) {
  const Record& v = row.values;
  // The key comes first in the records of a table without rowids: conversation, to, from, reason.
  if (v.size() < 4 || !v[0].is(Kind::kInteger) || !IsSequence(v[1]) || !IsSequence(v[2]) ||
      !v[3].is(Kind::kInteger))
    return std::nullopt;
  const std::int64_t reason = v[3].integer;
  if (Uint(v[2]) == 0 || Uint(v[2]) > Uint(v[1]) || reason < 1 ||
      reason > static_cast<std::int64_t>(GapReason::kEvicted))
    return std::nullopt;
  return SalvagedGap{v[0].integer, {Uint(v[2]), Uint(v[1]), static_cast<GapReason>(reason)}};
}

std::optional<CacheInfo> AsCacheInfo(const FoundRow& row) {
  const Record& v = row.values;
  if (v.size() < 7 || row.rowid != 1 || !v[0].is(Kind::kNull) || !v[1].is(Kind::kText) ||
      !IsNullOr(v[2], Kind::kText) || !v[5].is(Kind::kInteger))
    return std::nullopt;
  return CacheInfo{v[1].bytes, v[5].integer != 0};
}

bool IsMessage(const FoundRow& row) {
  const Record& v = row.values;
  if (v.size() < kMessageColumns) return false;
  return v[kKey].is(Kind::kNull) && v[kConversation].is(Kind::kInteger) &&
         IsSequence(v[kSequence]) && Uint(v[kSequence]) > 0 && IsId(v[kId]) &&
         v[kRevision].is(Kind::kInteger) && v[kRevision].integer >= 0 &&
         v[kRole].is(Kind::kInteger) && v[kRole].integer >= 0 &&
         v[kRole].integer <= static_cast<std::int64_t>(Role::kSystem) &&
         v[kDeleted].is(Kind::kInteger) && v[kCreatedAt].is(Kind::kInteger) &&
         IsNullOr(v[kEditedAt], Kind::kInteger) && !v[kServerId].is(Kind::kReal) &&
         !v[kContentType].is(Kind::kReal) && !v[kContentType].is(Kind::kBlob) &&
         IsNullOr(v[kMetadata], Kind::kBlob) && v[kContent].is(Kind::kText);
}

std::int64_t ConversationKeyOf(const FoundRow& message) {
  return message.values[kConversation].integer;
}

std::optional<Message> AsMessage(const FoundRow& row, const ConversationId& id, Connection& any) {
  const Record& v = row.values;
  if (!IsMessage(row) || !IsValidUtf8(v[kContent].bytes)) return std::nullopt;
  Query query(any.statements(), kMessageValues);
  for (const MessageColumn column : {kId, kSequence, kRevision, kRole, kDeleted, kCreatedAt,
                                     kEditedAt, kServerId, kContentType, kMetadata, kContent})
    Bind(query, v[column]);
  if (!query.Next()) return std::nullopt;
  return ReadMessageRow(query, id);
}

}  // namespace hark::store
