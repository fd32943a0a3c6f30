#include "daemon/store/conversation_rows.h"

#include "daemon/model/conversation.h"
#include "daemon/store/columns.h"

namespace hark::store {
namespace {

#define HARK_CONVERSATION_COLUMNS                                                               \
  "key, id, title, last_sequence, read_sequence, summary_sequence, refresh_to, message_count, " \
  "count_exact, "                                                                               \
  "unread_count, unread_exact, row_count, gap_count, missing, last_activity_at, listed_at, "    \
  "preview, forgotten_to"

constexpr char kFind[] = "SELECT " HARK_CONVERSATION_COLUMNS " FROM conversations WHERE id = ?";
constexpr char kInsert[] =
    "INSERT INTO conversations (id, title, last_sequence, read_sequence, summary_sequence, "
    "refresh_to, message_count, count_exact, unread_count, unread_exact, row_count, gap_count, "
    "preview, forgotten_to, missing, last_activity_at, listed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

// The indexed columns are written only if they change: naming one in SET rewrites its index entries
// even if the value is the same.
#define HARK_CONVERSATION_BODY                                                                  \
  "UPDATE conversations SET title = ?, last_sequence = ?, read_sequence = ?, summary_sequence " \
  "= ?, refresh_to = ?, message_count = ?, count_exact = ?, unread_count = ?, unread_exact = "  \
  "?, row_count = ?, gap_count = ?, preview = ?, forgotten_to = ?"
constexpr char kUpdate[] = HARK_CONVERSATION_BODY " WHERE key = ?";
constexpr char kUpdateWithMissing[] = HARK_CONVERSATION_BODY ", missing = ? WHERE key = ?";
constexpr char kUpdatePlace[] =
    "UPDATE conversations SET last_activity_at = ?, listed_at = ? WHERE key = ?";
constexpr char kUpdateMissing[] = "UPDATE conversations SET missing = ? WHERE key = ?";
constexpr char kAddMissing[] = "UPDATE store_info SET missing = missing + ? WHERE one = 1";

constexpr char kListFirst[] = "SELECT " HARK_CONVERSATION_COLUMNS
                              " FROM conversations ORDER BY listed_at DESC, id DESC LIMIT ?";
constexpr char kListAfter[] = "SELECT " HARK_CONVERSATION_COLUMNS
                              " FROM conversations WHERE (listed_at, id) < (?, ?)"
                              " ORDER BY listed_at DESC, id DESC LIMIT ?";

constexpr char kCount[] = "SELECT count(*), 0 FROM conversations";
constexpr char kCountMessages[] = "SELECT count(*), coalesce(sum(row_count), 0) FROM conversations";

constexpr char kLifted[] = "SELECT id FROM conversations WHERE listed_at <> last_activity_at";

// Of the gaps, only those that were never fetched count as missing; all else in [1, refresh_to] is
// to be compared.
constexpr char kMarkAll[] =
    "UPDATE conversations SET refresh_to = last_sequence, summary_sequence = 0, missing = "
    "min(1099511627776, last_sequence -"
    " (SELECT coalesce(sum(to_sequence - from_sequence + 1), 0) FROM gaps"
    "  WHERE gaps.conversation = conversations.key AND reason <> ?))";
static_assert(kMissingMost == 1'099'511'627'776);
constexpr char kSumMissing[] =
    "UPDATE store_info SET missing = (SELECT coalesce(sum(missing), 0) FROM conversations) WHERE "
    "one = 1";

ConversationRow ReadRow(const Query& query) {
  ConversationRow row;
  row.key = query.GetInt(0);
  row.id = ConversationId(query.GetText(1));
  row.title = query.GetText(2);
  row.last_sequence = query.GetUint(3);
  row.read_sequence = query.GetUint(4);
  row.summary_sequence = query.GetUint(5);
  row.refresh_to = query.GetUint(6);
  row.message_count = query.GetUint(7);
  row.count_exact = query.GetBool(8);
  row.unread_count = query.GetUint(9);
  row.unread_exact = query.GetBool(10);
  row.row_count = query.GetUint(11);
  row.gap_count = query.GetUint(12);
  row.missing = query.GetUint(13);
  row.last_activity_at = GetTime(query, 14);
  row.listed_at = GetTime(query, 15);
  row.preview = query.GetText(16);
  row.forgotten_to = query.GetUint(17);
  return row;
}

ConversationTotals ReadTotals(Connection& cache, const char* sql) {
  Query query(cache.statements(), sql);
  if (!query.Next()) return {};
  return {query.GetUint(0), query.GetUint(1)};
}

// In the order of kInsert and HARK_CONVERSATION_BODY: the columns that no index holds.
void BindBody(Query& query, const ConversationRow& row) {
  query.Text(row.title).Uint(row.last_sequence).Uint(row.read_sequence).Uint(row.summary_sequence);
  query.Uint(row.refresh_to).Uint(row.message_count).Bool(row.count_exact).Uint(row.unread_count);
  query.Bool(row.unread_exact)
      .Uint(row.row_count)
      .Uint(row.gap_count)
      .Text(row.preview)
      .Uint(row.forgotten_to);
}

// Whether the columns that no index holds are the same.
bool SameBody(const ConversationRow& a, ConversationRow b) {
  b.missing = a.missing;
  b.last_activity_at = a.last_activity_at;
  b.listed_at = a.listed_at;
  return a == b;
}

}  // namespace

const char kConversationsToFetch[] =
    "SELECT key, id, refresh_to FROM conversations WHERE missing > 0 ORDER BY listed_at DESC, key "
    "DESC";

std::optional<ConversationRow> FindConversation(Connection& cache, const ConversationId& id) {
  Query query(cache.statements(), kFind);
  query.Text(id.value());
  if (!query.Next()) return std::nullopt;
  return ReadRow(query);
}

std::int64_t InsertConversation(Connection& cache, const ConversationRow& row) {
  Query query(cache.statements(), kInsert);
  query.Text(row.id.value());
  BindBody(query, row);
  query.Uint(row.missing);
  BindTime(query, row.last_activity_at);
  BindTime(query, row.listed_at);
  query.Run();
  return cache.LastInsertedKey();
}

void UpdateConversation(Connection& cache, const ConversationRow& before,
                        const ConversationRow& after) {
  const bool same_body = SameBody(before, after);
  const bool same_missing = before.missing == after.missing;
  if (!same_body) {
    Query query(cache.statements(), same_missing ? kUpdate : kUpdateWithMissing);
    BindBody(query, after);
    if (!same_missing) query.Uint(after.missing);
    query.Int(after.key).Run();
  }
  if (before.last_activity_at != after.last_activity_at || before.listed_at != after.listed_at) {
    Query query(cache.statements(), kUpdatePlace);
    BindTime(query, after.last_activity_at);
    BindTime(query, after.listed_at);
    query.Int(after.key).Run();
  }
  if (!same_missing && same_body)
    Query(cache.statements(), kUpdateMissing).Uint(after.missing).Int(after.key).Run();
}

void AddMissing(Connection& cache, std::int64_t change) {
  if (change != 0) Query(cache.statements(), kAddMissing).Int(change).Run();
}

std::vector<ConversationRow> ListConversationRows(Connection& cache,
                                                  const std::optional<ListPosition>& after,
                                                  std::uint32_t limit) {
  Query query(cache.statements(), after ? kListAfter : kListFirst);
  if (after) {
    BindTime(query, after->last_activity_at);
    query.Text(after->id.value());
  }
  query.Uint(limit);
  std::vector<ConversationRow> rows;
  rows.reserve(limit);
  while (query.Next()) rows.push_back(ReadRow(query));
  return rows;
}

ConversationTotals CountConversations(Connection& cache) {
  return ReadTotals(cache, kCount);
}

ConversationTotals CountConversationsAndMessages(Connection& cache) {
  return ReadTotals(cache, kCountMessages);
}

std::vector<ConversationId> LiftedConversations(Connection& cache) {
  Query query(cache.statements(), kLifted);
  std::vector<ConversationId> ids;
  while (query.Next()) ids.emplace_back(query.GetText(0));
  return ids;
}

void MarkAllForRefresh(Connection& cache) {
  Query(cache.statements(), kMarkAll).Int(static_cast<std::int64_t>(GapReason::kNotFetched)).Run();
  Query(cache.statements(), kSumMissing).Run();
}

}  // namespace hark::store
