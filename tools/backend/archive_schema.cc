#include "tools/backend/archive_schema.h"

namespace hark::backend {
namespace {

constexpr int kApplicationId = 0x48424B31;  // "HBK1": tells an archive from any other SQLite file.
constexpr int kSchemaVersion = 1;

// Counters (message_count, unread_count, …) are kept with their conversation and not counted on
// reading: a list of thousands of conversations is one walk over an index. Times are microseconds
// since 1970.
constexpr char kSchema[] = R"sql(
CREATE TABLE accounts (
  account INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  epoch TEXT NOT NULL,                       -- names this change log; random, never reused
  head INTEGER NOT NULL DEFAULT 0,           -- position of the last change
  floor INTEGER NOT NULL DEFAULT 0,          -- changes up to here are no longer kept
  conversation_count INTEGER NOT NULL DEFAULT 0,
  message_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE conversations (
  conversation INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  id TEXT NOT NULL,
  title TEXT NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  message_count INTEGER NOT NULL DEFAULT 0,  -- not deleted
  read_sequence INTEGER NOT NULL DEFAULT 0,
  unread_count INTEGER NOT NULL DEFAULT 0,
  last_activity_at INTEGER NOT NULL,
  last_accepted_at INTEGER NOT NULL DEFAULT 0,
  preview TEXT NOT NULL DEFAULT '',
  UNIQUE (account, id)
) STRICT;
CREATE INDEX conversations_by_activity ON conversations (account, last_activity_at, conversation);

CREATE TABLE messages (
  conversation INTEGER NOT NULL REFERENCES conversations,
  sequence INTEGER NOT NULL,
  account INTEGER NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  role INTEGER NOT NULL,
  content TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata BLOB NOT NULL,                    -- a serialised Message of nothing but its metadata
  created_at INTEGER NOT NULL,
  edited_at INTEGER,
  deleted INTEGER NOT NULL DEFAULT 0,
  accepted_at INTEGER NOT NULL,              -- never goes back within a conversation
  first_digest BLOB,                         -- SHA-256 of the first content, once it has changed
  PRIMARY KEY (conversation, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (account, id);
CREATE INDEX messages_by_acceptance ON messages (accepted_at);

CREATE TABLE changes (
  account INTEGER NOT NULL REFERENCES accounts,
  position INTEGER NOT NULL,
  conversation INTEGER NOT NULL REFERENCES conversations,
  sequence INTEGER NOT NULL,                 -- of the message; 0 for the conversation alone
  PRIMARY KEY (account, position)
) STRICT, WITHOUT ROWID;
)sql";

void Configure(SQLite::Database& database) {
  database.exec("PRAGMA journal_mode=WAL");
  // An acknowledged message survives the power: every commit is synced, not only every checkpoint.
  database.exec("PRAGMA synchronous=FULL");
  // A mapped file turns a read error of the disk into SIGBUS.
  database.exec("PRAGMA mmap_size=0");
  // Pages of history are scattered over the file; 64 MiB hold the working set of some ten thousand
  // conversations.
  database.exec("PRAGMA cache_size=-65536");
}

void Create(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  database.exec(kSchema);
  database.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
  database.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
  transaction.commit();
}

}  // namespace

Result<std::unique_ptr<SQLite::Database>> OpenArchive(const std::string& path) {
  try {
    auto database =
        std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // FolderLock keeps other processes out, so that no statement has to ask for a lock. Before the
    // first of them, or the log is one that others may read.
    database->exec("PRAGMA locking_mode=EXCLUSIVE");
    const int application = database->execAndGet("PRAGMA application_id").getInt();
    const int version = database->execAndGet("PRAGMA user_version").getInt();
    const bool empty = database->execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    if (!empty && application != kApplicationId) {
      return Fail(ErrorCode::kDataFolder, "archive.db is not an archive of hark-backend");
    }
    if (version > kSchemaVersion) {
      return Fail(ErrorCode::kDataFolder, "archive.db was written by a newer hark-backend");
    }
    Configure(*database);
    if (empty) Create(*database);
    return database;
  } catch (const SQLite::Exception& failure) {
    return Fail(ErrorCode::kDataFolder,
                std::string("archive.db cannot be opened: ") + failure.what());
  }
}

}  // namespace hark::backend
