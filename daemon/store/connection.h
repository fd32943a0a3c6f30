// One connection to one SQLCipher file: opened, keyed, proven and set up. The only file that knows
// SQLCipher.

#ifndef HARK_DAEMON_STORE_CONNECTION_H_
#define HARK_DAEMON_STORE_CONNECTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <SQLiteCpp/Database.h>

#include "daemon/base/secret.h"
#include "daemon/store/cipher_version.h"
#include "daemon/store/search_tokenizer.h"
#include "daemon/store/statement_cache.h"
#include "daemon/store/wal_scan.h"
#include "daemon/store/zero_guard.h"

namespace hark::store {

// What a connection is for.
enum class Access : std::uint8_t {
  kCreate,  // A new file that nobody else sees yet: an empty one of this path must exist. Rollback
            // journal.
  kProbe,   // To look at a file without changing a byte in its folder.
  kRead,    // One of many; never checkpoints.
  kWrite,   // The one that writes and checkpoints.
};

// How much a commit is worth.
enum class Durability : std::uint8_t {
  kFetchable,  // synchronous=NORMAL: a power loss takes the newest commits, and they are fetched
               // again.
  kAuthored,   // synchronous=FULL: a finished commit survives a power loss.
};

// Used by one thread at a time. Everything throws SQLite::Exception.
class Connection {
 public:
  // `key`: 32 raw bytes. Throws "not a database" for a wrong key as for a damaged file: they cannot
  // be told apart here.
  Connection(const std::filesystem::path& file, const Secret& key, Access access,
             Durability durability);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] StatementCache& statements() { return *statements_; }

  void Execute(const char* sql);
  [[nodiscard]] std::int64_t ReadInt(const char* sql);
  [[nodiscard]] std::string ReadText(const char* sql);

  // The extended code of the last error that was thrown here; 0: none yet.
  [[nodiscard]] int LastFailure() const { return statements_->LastFailure(); }

  // After reading, before what was read is used: throws if a page of it failed its HMAC. SQLCipher
  // hands such a page on as zeros, and only what asks for a page after it fails. In a transaction.
  void CheckPagesRead();

  [[nodiscard]] bool InTransaction() const;
  // Rows changed since opening, rolled back ones included.
  [[nodiscard]] std::int64_t TotalChanges() const;
  // By the last statement that wrote.
  [[nodiscard]] std::int64_t LastChanges() const;
  [[nodiscard]] std::int64_t LastInsertedKey() const;

  // How the index splits text.
  [[nodiscard]] SearchWords& search_words();

  // While `stop` is set, it is asked now and then while a statement runs, on this thread; once it
  // answers true, the statement throws SQLITE_INTERRUPT. Null: nothing stops them.
  void StopWhen(const std::function<bool()>* stop);

  // Bytes in the WAL, and those of them that no checkpoint has tried to copy yet.
  [[nodiscard]] std::size_t WalBytes() const { return wal_bytes_; }
  [[nodiscard]] std::size_t NewWalBytes() const {
    return wal_bytes_ - std::min(wal_bytes_, tried_bytes_);
  }
  // How long it was when readers were last waited for in vain; 0: not since it began.
  [[nodiscard]] std::size_t HeldWalBytes() const { return held_bytes_; }
  // As if a checkpoint had been tried in vain.
  void PutOffCheckpoint() { tried_bytes_ = held_bytes_ = wal_bytes_; }
  // Makes the finished commits survive a power loss, whatever the durability.
  void SyncWal();
  // For a new connection after another one's sync failed: writes what is in the WAL once more, as
  // it is, and syncs it. A sync alone would succeed without bringing those bytes to the disk.
  void RewriteWal();
  // Whether every frame that is in the WAL is still as it was written. Reads all of it. Between
  // transactions, of the only connection that writes.
  [[nodiscard]] LoggedFrames CheckLoggedFrames() const;
  // Copies the WAL into the file as far as no reader is in the way.
  void Checkpoint();
  // Makes `target`, which is open and empty, a copy of this database, page by page, under its own
  // key, as this connection's read transaction sees it if there is one; synced. `stop` is asked now
  // and then, as of StopWhen(). Answers the pages that were zeros: a hole, or damage that is a
  // sound page in the copy (store_copy.h tells them apart).
  [[nodiscard]] std::vector<std::uint32_t> CopyInto(Connection& target,
                                                    const std::function<bool()>& stop = {});
  // Of a file that was found damaged by other means than a statement: throws as if one had.
  [[noreturn]] void FailAsDamaged();
  // Waits for the readers (for at most the busy time-out) and copies everything, so that the next
  // commit begins the WAL anew, in the room that it has. False: busy.
  bool CheckpointAndRestart();
  // The same, if nobody has to be waited for; cuts it to nothing.
  bool TryCheckpointAndTruncate();
  // The same, and cuts the WAL to nothing.
  bool CheckpointAndTruncate();

 private:
  [[nodiscard]] std::vector<std::uint32_t> CopyPages(Connection& target,
                                                     const std::function<bool()>& stop);
  bool CheckpointWhole(int mode, int wait_milliseconds);
  [[nodiscard]] sqlite3_file* DatabaseFile();
  void CheckReadable();
  void SetKey(const Secret& key);
  void SetUp(Access access, Durability durability);

  // After each commit: so many bytes are in the WAL.
  void OnWal(std::size_t bytes);

  ZeroGuard file_guard_;
  ZeroGuard log_guard_;
  SQLite::Database database_;
  std::unique_ptr<StatementCache> statements_;
  std::unique_ptr<SearchWords> search_words_;
  std::size_t wal_bytes_ = 0;
  // How long the WAL was at the last checkpoint. As long as some reader is in it, it grows on from
  // there.
  std::size_t tried_bytes_ = 0;
  std::size_t held_bytes_ = 0;
  std::size_t written_out_bytes_ = 0;  // Of the WAL; or begun to be.
};

// StopWhen() for the length of a scope.
class StopGuard {
 public:
  // Both outlive it.
  StopGuard(Connection& connection, const std::function<bool()>& stop) : connection_(connection) {
    connection_.StopWhen(&stop);
  }
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;
  ~StopGuard() { connection_.StopWhen(nullptr); }

 private:
  Connection& connection_;
};

// A new Connection. Damage, or a wrong key, has to be found twice: SQLCipher takes a failed read or
// allocation for it too.
[[nodiscard]] std::unique_ptr<Connection> OpenSurely(const std::filesystem::path& file,
                                                     const Secret& key, Access access,
                                                     Durability durability);

// Whether `version` is at least 4.5: older ones lack what the schema uses.
[[nodiscard]] bool IsUsableCipherVersion(const std::string& version);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CONNECTION_H_
