#include "daemon/store/store_info_rows.h"

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

constexpr char kInsert[] = "INSERT INTO store_info (one, store_id) VALUES (1, ?)";
constexpr char kStoreId[] = "SELECT store_id FROM store_info";
constexpr char kGeneration[] = "SELECT generation FROM store_info";
constexpr char kNextGeneration[] =
    "UPDATE store_info SET generation = generation + 1 WHERE one = 1 RETURNING generation";
constexpr char kIncarnation[] = "SELECT incarnation FROM store_info";
constexpr char kHasIncarnation[] =
    "SELECT count(*) FROM pragma_table_info('store_info') WHERE name = 'incarnation'";
constexpr char kBeginIncarnation[] =
    "UPDATE store_info SET incarnation = lower(hex(randomblob(8))) WHERE one = 1";
constexpr char kRaiseGeneration[] =
    "UPDATE store_info SET generation = max(generation, ?) WHERE one = 1";
constexpr char kPromised[] = "SELECT promised_revision, promised_changes FROM store_info";
constexpr char kPromise[] =
    "UPDATE store_info SET promised_revision = ?, promised_changes = ? WHERE one = 1";
constexpr char kState[] =
    "SELECT cursor_epoch, cursor_position, last_synced_at, initial_sync_done FROM store_info";
constexpr char kCursor[] =
    "UPDATE store_info SET cursor_epoch = ?1, cursor_position = ?2"
    " WHERE one = 1 AND (cursor_epoch IS NOT ?1 OR cursor_position IS NOT ?2)";
constexpr char kSynced[] =
    "UPDATE store_info SET last_synced_at = ?1, initial_sync_done = initial_sync_done | ?2"
    " WHERE one = 1 AND (last_synced_at IS NOT ?1 OR initial_sync_done < ?2)";
constexpr char kMissing[] = "SELECT missing FROM store_info";

// Without effect on cache.db, and on the file of an older program: the step that adds the column
// gives it a new value.
void BeginIncarnation(Connection& file) {
  if (file.ReadInt(kHasIncarnation) > 0) Query(file.statements(), kBeginIncarnation).Run();
}

}  // namespace

void InsertStoreInfo(Connection& file, const std::string& store_id) {
  Query(file.statements(), kInsert).Text(store_id).Run();
  BeginIncarnation(file);
}

std::string ReadStoreId(Connection& file) {
  return file.ReadText(kStoreId);
}

std::uint32_t ReadGeneration(Connection& authored) {
  return static_cast<std::uint32_t>(authored.ReadInt(kGeneration));
}

std::uint32_t NextGeneration(Connection& authored) {
  Query query(authored.statements(), kNextGeneration);
  std::uint32_t generation = 0;
  while (query.Next()) generation = static_cast<std::uint32_t>(query.GetUint(0));
  return generation;
}

std::string ReadIncarnation(Connection& authored) {
  return authored.ReadText(kIncarnation);
}

void WriteIncarnation(Connection& authored, std::uint32_t generation) {
  BeginIncarnation(authored);
  Query(authored.statements(), kRaiseGeneration).Uint(generation).Run();
}

Promised ReadPromised(Connection& authored) {
  Query query(authored.statements(), kPromised);
  Promised promised;
  if (!query.Next()) return promised;
  promised.revision = query.GetUint(0);
  if (!query.IsNull(1)) promised.changes = query.GetBytes(1);
  return promised;
}

void WritePromised(Connection& authored, const Promised& promised) {
  Query query(authored.statements(), kPromise);
  query.Uint(promised.revision);
  promised.changes ? query.Blob(*promised.changes) : query.Null();
  query.Run();
}

SyncState ReadSyncStateRow(Connection& cache) {
  Query query(cache.statements(), kState);
  SyncState state;
  if (!query.Next()) return state;
  if (!query.IsNull(0)) state.cursor = SyncCursor{query.GetText(0), query.GetUint(1)};
  state.last_synced_at = GetOptionalTime(query, 2);
  state.initial_sync_done = query.GetBool(3);
  return state;
}

void WriteCursor(Connection& cache, const std::optional<SyncCursor>& cursor) {
  Query query(cache.statements(), kCursor);
  if (cursor) {
    query.Text(cursor->epoch).Uint(cursor->position);
  } else {
    query.Null().Null();
  }
  query.Run();
}

void WriteSynced(Connection& cache, WallTime at, bool initial_sync_done) {
  Query query(cache.statements(), kSynced);
  BindTime(query, at);
  query.Bool(initial_sync_done).Run();
}

std::uint64_t ReadMissing(Connection& cache) {
  return static_cast<std::uint64_t>(cache.ReadInt(kMissing));
}

}  // namespace hark::store
