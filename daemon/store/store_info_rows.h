// The one row store_info of each file: which store it belongs to, and where the sync stands.

#ifndef HARK_DAEMON_STORE_STORE_INFO_ROWS_H_
#define HARK_DAEMON_STORE_STORE_INFO_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/store/connection.h"
#include "daemon/store/reader.h"

namespace hark::store {

// The last commit with something that the user did, as authored.db knows it (change_log.h).
struct Promised {
  LocalRevision revision = 0;
  std::optional<std::string> changes;  // EncodeChanges() of it. Absent: unknown, or too much.
};

// Either file.
void InsertStoreInfo(Connection& file, const std::string& store_id);
[[nodiscard]] std::string ReadStoreId(Connection& file);

// authored.db.
[[nodiscard]] std::uint32_t ReadGeneration(Connection& authored);
// Durable when it returns.
[[nodiscard]] std::uint32_t NextGeneration(Connection& authored);
// Which time round this store gives out its revisions; part of resume tokens.
[[nodiscard]] std::string ReadIncarnation(Connection& authored);
// For a file that went back to what it was, of whatever schema: its revisions are given out again.
// At least `generation` is written too, so that they rise as long as anybody knows how far they
// came.
void WriteIncarnation(Connection& authored, std::uint32_t generation);
[[nodiscard]] Promised ReadPromised(Connection& authored);
void WritePromised(Connection& authored, const Promised& promised);

// cache.db. What does not change is not written.
[[nodiscard]] SyncState ReadSyncStateRow(Connection& cache);
void WriteCursor(Connection& cache, const std::optional<SyncCursor>& cursor);
void WriteSynced(Connection& cache, WallTime at, bool initial_sync_done);
[[nodiscard]] std::uint64_t ReadMissing(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_INFO_ROWS_H_
