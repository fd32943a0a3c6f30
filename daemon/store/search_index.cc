#include "daemon/store/search_index.h"

#include <algorithm>

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

constexpr char kRange[] = "SELECT unindexed_to, indexed_to, missing FROM store_info";
constexpr char kHighestKey[] = "SELECT coalesce(max(key), 0) FROM messages";
constexpr char kRemove[] = "INSERT INTO search (search, rowid, content) VALUES ('delete', ?, ?)";
constexpr char kAdd[] = "INSERT INTO search (rowid, content) VALUES (?, ?)";
constexpr char kAddRows[] =
    "INSERT INTO search (rowid, content)"
    " SELECT key, content FROM messages WHERE key > ? AND key <= ? AND content <> ''";
// After kAddRows, which has just read these rows.
constexpr char kNoteTimes[] =
    "INSERT INTO search_blocks (block, newest, oldest)"
    " SELECT key / 1024, max(created_at), min(created_at) FROM messages WHERE key > ? AND key <= ?"
    " GROUP BY key / 1024 ON CONFLICT (block) DO UPDATE SET"
    " newest = max(newest, excluded.newest), oldest = min(oldest, excluded.oldest)";
constexpr char kNoteTime[] =
    "UPDATE search_blocks SET newest = max(newest, ?2), oldest = min(oldest, ?2)"
    " WHERE block = ?1 AND (newest < ?2 OR oldest > ?2)";
static_assert(kSearchBlock == 1024);
constexpr char kIndexedTo[] = "UPDATE store_info SET indexed_to = ? WHERE one = 1";
constexpr char kUnindexedTo[] = "UPDATE store_info SET unindexed_to = ? WHERE one = 1";
constexpr char kForget[] =
    "UPDATE store_info SET indexed_to = min(indexed_to, ?1), unindexed_to = min(unindexed_to, ?1)"
    " WHERE one = 1 AND (indexed_to > ?1 OR unindexed_to > ?1)";
constexpr char kKeyBelow[] =
    "SELECT key FROM messages WHERE key <= ? ORDER BY key DESC LIMIT 1 OFFSET ?";
// A new index is merged when nobody waits, from 8 segments of one size on (MergeIndex). Those who
// write merge only what would else be too much for a search: 512 segments, four million messages of
// a first sync.
constexpr char kMergeLate[] =
    "INSERT INTO search (search, rank)"
    " VALUES ('automerge', 0), ('crisismerge', 512), ('usermerge', 8)";
constexpr char kMerge[] = "INSERT INTO search (search, rank) VALUES ('merge', ?)";

// FTS5 says how much it did by the rows that it changed: fewer than two, nothing is left.
bool Merge(Connection& cache, std::int64_t pages) {
  const std::int64_t before = cache.TotalChanges();
  Query(cache.statements(), kMerge).Int(pages).Run();
  return cache.TotalChanges() - before >= 2;
}

void AddRows(Connection& cache, std::int64_t above, std::int64_t up_to) {
  Query(cache.statements(), kAddRows).Int(above).Int(up_to).Run();
  Query(cache.statements(), kNoteTimes).Int(above).Int(up_to).Run();
}

}  // namespace

IndexedRange ReadIndexedRange(Connection& cache) {
  Query query(cache.statements(), kRange);
  if (!query.Next()) return {};
  return {query.GetInt(0), query.GetInt(1)};
}

void RemoveFromIndex(Connection& cache, std::int64_t key, std::string_view content) {
  if (content.empty()) return;
  Query query(cache.statements(), kRemove);
  query.Int(key).LongText(content).Run();
}

void AddToIndex(Connection& cache, std::int64_t key, std::string_view content) {
  if (content.empty()) return;
  Query query(cache.statements(), kAdd);
  query.Int(key).LongText(content).Run();
}

void NoteTimeInIndex(Connection& cache, std::int64_t key, WallTime created_at) {
  Query query(cache.statements(), kNoteTime);
  query.Int(key / kSearchBlock);
  BindTime(query, created_at);
  query.Run();
}

void ForgetHighestKeys(Connection& cache) {
  const std::int64_t highest = cache.ReadInt(kHighestKey);
  Query(cache.statements(), kForget).Int(highest).Run();
}

Indexed IndexNewRows(Connection& cache, bool also_few) {
  std::int64_t indexed_to = 0;
  std::int64_t missing = 0;
  {
    Query query(cache.statements(), kRange);
    if (!query.Next()) return Indexed::kNothing;
    indexed_to = query.GetInt(1);
    missing = query.GetInt(2);
  }
  const std::int64_t highest = cache.ReadInt(kHighestKey);
  if (highest <= indexed_to) return Indexed::kNothing;
  if (!also_few && missing > 0 && highest - indexed_to < kIndexBatch) return Indexed::kLater;
  if (indexed_to == 0) cache.Execute(kMergeLate);
  AddRows(cache, indexed_to, highest);
  Query(cache.statements(), kIndexedTo).Int(highest).Run();
  return Indexed::kAll;
}

void LeaveToIndex(Connection& cache) {
  const std::int64_t highest = cache.ReadInt(kHighestKey);
  Query(cache.statements(), kIndexedTo).Int(highest).Run();
  Query(cache.statements(), kUnindexedTo).Int(highest).Run();
}

bool IsIndexComplete(Connection& cache) {
  const IndexedRange range = ReadIndexedRange(cache);
  return range.unindexed_to == 0 && cache.ReadInt(kHighestKey) <= range.indexed_to;
}

bool IndexOldRows(Connection& cache, std::uint32_t limit) {
  const std::int64_t highest = cache.ReadInt(kHighestKey);
  const IndexedRange range = ReadIndexedRange(cache);
  if (highest > range.indexed_to) {
    AddRows(cache, range.indexed_to, highest);
    Query(cache.statements(), kIndexedTo).Int(highest).Run();
  }
  if (range.unindexed_to == 0) return false;
  std::int64_t above = 0;
  {
    Query query(cache.statements(), kKeyBelow);
    query.Int(range.unindexed_to).Uint(limit);
    if (query.Next()) above = query.GetInt(0);
  }
  AddRows(cache, above, range.unindexed_to);
  Query(cache.statements(), kUnindexedTo).Int(above).Run();
  return above > 0;
}

bool MergeIndex(Connection& cache, std::uint32_t pages) {
  return Merge(cache, std::int64_t{pages});
}

bool CompactIndex(Connection& cache, std::uint32_t pages) {
  return Merge(cache, -std::int64_t{pages});
}

}  // namespace hark::store
