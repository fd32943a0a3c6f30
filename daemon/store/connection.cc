#include "daemon/store/connection.h"

#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "daemon/store/error_policy.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/search_tokenizer.h"
#include "daemon/store/transaction.h"

namespace hark::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kPageBytes = 4096;
// Enough for the disk to be worth it, and little beside what a checkpoint copies.
constexpr std::size_t kWriteOutBytes = std::size_t{512} * 1024;
// A reader of ours holds a snapshot for microseconds to milliseconds.
constexpr int kBusyMilliseconds = 500;

std::filesystem::path WalOf(const std::filesystem::path& file) {
  return file.string() + "-wal";
}

bool HasWal(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::file_size(WalOf(file), error) > 0 && !error;
}

// A file name as a URI, so that parameters can follow.
std::string UriOf(const std::filesystem::path& file, std::string_view parameters) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += kHex[byte >> 4];
      uri += kHex[byte & 15];
    } else {
      uri += c;
    }
  }
  return uri.append("?").append(parameters);
}

// Before the first connection of the process. Counting what is allocated takes a lock for each
// allocation, and nobody asks for the count.
void ConfigureLibrary() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;
}

// Without a WAL, `immutable` reads the file with no lock and makes no file beside it. A WAL that a
// crash left has to be read too; SetUp() then keeps its index in this process's memory.
std::string NameFor(const std::filesystem::path& file, Access access) {
  ConfigureLibrary();
  if (access == Access::kProbe && !HasWal(file)) return UriOf(file, "immutable=1");
  return UriOf(file, "cache=private");
}

int FlagsFor(const std::filesystem::path& file, Access access) {
  const bool reads = access == Access::kRead || (access == Access::kProbe && !HasWal(file));
  return SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
         (reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
}

// Null: there is none yet.
sqlite3_file* WalFileOf(sqlite3* database) {
  sqlite3_file* wal = nullptr;
  const int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                        static_cast<void*>(&wal));
  if (code != SQLITE_OK) throw SQLite::Exception(database, code);
  return wal != nullptr && wal->pMethods != nullptr ? wal : nullptr;
}

void CheckLog(int code) {
  if (code != SQLITE_OK) throw SQLite::Exception("the log could not be synced", code);
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, const Secret& key, Access access,
                       Durability durability)
    : database_(NameFor(file, access), FlagsFor(file, access), kBusyMilliseconds),
      statements_(std::make_unique<StatementCache>(database_.getHandle())) {
  sqlite3_extended_result_codes(database_.getHandle(), 1);
  // Only CheckpointAndTruncate() may empty the WAL: closing after a failure must not change a byte.
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  CheckReadable();
  if (access != Access::kCreate) {
    file_guard_.Watch(DatabaseFile(),
                      access == Access::kWrite ? ZeroGuard::Pages::kMap : ZeroGuard::Pages::kAll);
  }
  SetKey(key);
  SetUp(access, durability);
  sqlite3_file* const log = WalFileOf(database_.getHandle());
  if (access != Access::kCreate && log != nullptr) log_guard_.Watch(log, ZeroGuard::Pages::kAll);
}

Connection::~Connection() {
  statements_->Clear();
}

sqlite3_file* Connection::DatabaseFile() {
  sqlite3_file* file = nullptr;
  const int code = sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER,
                                        static_cast<void*>(&file));
  if (code != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), code);
  return file;
}

// SQLCipher takes a salt that it cannot read for one that is not there yet, and makes another.
void Connection::CheckReadable() {
  sqlite3_file* const file = DatabaseFile();
  char salt[16];
  const int read = file->pMethods->xRead(file, salt, sizeof(salt), 0);
  if (read != SQLITE_OK && read != SQLITE_IOERR_SHORT_READ)
    throw SQLite::Exception("the database file cannot be read", read);
}

// A raw key in SQLCipher's notation, so that nothing is derived; not as a PRAGMA, which a statement
// trace would show.
void Connection::SetKey(const Secret& key) {
  if (key.bytes().size() != kKeyBytes)
    throw SQLite::Exception(database_.getHandle(), SQLITE_MISUSE);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  // One allocation, so that no copy of the key is left behind; Secret wipes this one.
  text.reserve(2 * kKeyBytes + 3);
  text += "x'";
  for (const char c : key.bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  text += '\'';
  const Secret notation(std::move(text));
  const int code = sqlite3_key_v2(database_.getHandle(), "main", notation.bytes().data(),
                                  static_cast<int>(notation.bytes().size()));
  if (code != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), code);
}

void Connection::SetUp(Access access, Durability durability) {
  if (access == Access::kProbe) Execute("PRAGMA locking_mode = EXCLUSIVE");
  // Has an effect only before the first table: space that retention frees can then be given back.
  if (access == Access::kCreate) Execute("PRAGMA auto_vacuum = INCREMENTAL");
  Execute("PRAGMA trusted_schema = OFF");
  Execute("PRAGMA mmap_size = 0");
  Execute("PRAGMA temp_store = MEMORY");
  RegisterSearchTokenizer(database_.getHandle());
  // The proof of the key: the first read that decrypts a page.
  (void)ReadInt("SELECT count(*) FROM sqlite_master");
  if (access == Access::kProbe) return;
  if (static_cast<std::size_t>(ReadInt("PRAGMA page_size")) != kPageBytes) {
    throw SQLite::Exception(database_.getHandle(), SQLITE_NOTADB);
  }
  if (access == Access::kRead) {
    Execute("PRAGMA query_only = ON");
    Execute("PRAGMA cache_size = -4096");
    return;
  }
  Execute("PRAGMA foreign_keys = ON");
  Execute(durability == Durability::kAuthored ? "PRAGMA secure_delete = ON"
                                              : "PRAGMA secure_delete = OFF");
  if (access == Access::kCreate) {
    Execute("PRAGMA synchronous = FULL");
    return;
  }
  Execute("PRAGMA cache_size = -16384");
  if (ReadText("PRAGMA journal_mode = WAL") != "wal")
    throw SQLite::Exception(database_.getHandle(), SQLITE_CANTOPEN);
  Execute(durability == Durability::kAuthored ? "PRAGMA synchronous = FULL"
                                              : "PRAGMA synchronous = NORMAL");
  Execute("PRAGMA wal_autocheckpoint = 0");
  sqlite3_wal_hook(
      database_.getHandle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->OnWal(static_cast<std::size_t>(pages) * kPageBytes);
        return SQLITE_OK;
      },
      this);
}

void Connection::Execute(const char* sql) {
  const int code = sqlite3_exec(database_.getHandle(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) statements_->Throw(code);
}

void Connection::CheckPagesRead() {
  Query(*statements_, StatementCache::kAnyPage).Run();
}

std::int64_t Connection::ReadInt(const char* sql) {
  Query query(*statements_, sql);
  return query.Next() ? query.GetInt(0) : 0;
}

std::string Connection::ReadText(const char* sql) {
  Query query(*statements_, sql);
  return query.Next() ? query.GetText(0) : std::string();
}

bool Connection::InTransaction() const {
  return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

std::int64_t Connection::TotalChanges() const {
  return sqlite3_total_changes64(database_.getHandle());
}

std::int64_t Connection::LastChanges() const {
  return sqlite3_changes64(database_.getHandle());
}

SearchWords& Connection::search_words() {
  if (search_words_ == nullptr)
    search_words_ = std::make_unique<SearchWords>(database_.getHandle());
  return *search_words_;
}

void Connection::StopWhen(const std::function<bool()>* stop) {
  // Some dozen microseconds of work; pages that FTS5 reads count too.
  constexpr int kInstructions = 500;
  const auto ask = [](void* asked) -> int {
    return (*static_cast<const std::function<bool()>*>(asked))() ? 1 : 0;
  };
  sqlite3_progress_handler(database_.getHandle(), stop == nullptr ? 0 : kInstructions,
                           stop == nullptr ? nullptr : +ask,
                           const_cast<std::function<bool()>*>(stop));
}

std::int64_t Connection::LastInsertedKey() const {
  return sqlite3_last_insert_rowid(database_.getHandle());
}

void Connection::SyncWal() {
  if (sqlite3_file* wal = WalFileOf(database_.getHandle())) {
    CheckLog(wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL));
  }
}

void Connection::RewriteWal() {
  sqlite3_file* wal = WalFileOf(database_.getHandle());
  if (wal == nullptr) return;
  sqlite3_int64 size = 0;
  CheckLog(wal->pMethods->xFileSize(wal, &size));
  if (size == 0) return;
  std::vector<char> bytes(std::size_t{64} * 1024);
  for (sqlite3_int64 at = 0; at < size;) {
    const int part = static_cast<int>(std::min<sqlite3_int64>(std::ssize(bytes), size - at));
    CheckLog(wal->pMethods->xRead(wal, bytes.data(), part, at));
    CheckLog(wal->pMethods->xWrite(wal, bytes.data(), part, at));
    at += part;
  }
  CheckLog(wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL));
}

// The index through SQLite: its locks on that file would go with a descriptor of ours.
LoggedFrames Connection::CheckLoggedFrames() const {
  constexpr int kRegionBytes = 32 * 1024;
  sqlite3* const database = database_.getHandle();
  const auto log = OpenIfThere(WalOf(sqlite3_db_filename(database, "main")));
  if (!log) return LoggedFrames::kUnread;
  sqlite3_file* file = nullptr;
  volatile void* shared = nullptr;
  if (!log->valid() ||
      sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER,
                           static_cast<void*>(&file)) != SQLITE_OK ||
      file->pMethods->xShmMap(file, 0, kRegionBytes, 0, &shared) != SQLITE_OK || shared == nullptr)
    return LoggedFrames::kWhole;
  std::string index(kIndexBytes, '\0');
  std::memcpy(index.data(), const_cast<const void*>(shared), index.size());
  return CheckFramesOf(index, log->get());
}

void Connection::OnWal(std::size_t bytes) {
  if (bytes < wal_bytes_) tried_bytes_ = held_bytes_ = written_out_bytes_ = 0;  // It began anew.
  wal_bytes_ = bytes;
  if (bytes < written_out_bytes_ + kWriteOutBytes) return;
  // While the next group is being written, the disk does what a checkpoint would wait for.
  const Descriptor log = OpenForReading(WalOf(sqlite3_db_filename(database_.getHandle(), "main")));
  if (log.valid()) BeginWritingOut(log.get(), written_out_bytes_, bytes - written_out_bytes_);
  written_out_bytes_ = bytes;
}

void Connection::Checkpoint() {
  tried_bytes_ = wal_bytes_;
  const int code = sqlite3_wal_checkpoint_v2(database_.getHandle(), "main",
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) statements_->Throw(code);
}

bool Connection::CheckpointAndRestart() {
  return CheckpointWhole(SQLITE_CHECKPOINT_RESTART, kBusyMilliseconds);
}

bool Connection::CheckpointAndTruncate() {
  return CheckpointWhole(SQLITE_CHECKPOINT_TRUNCATE, kBusyMilliseconds);
}

bool Connection::TryCheckpointAndTruncate() {
  return CheckpointWhole(SQLITE_CHECKPOINT_TRUNCATE, 0);
}

bool Connection::CheckpointWhole(int mode, int wait_milliseconds) {
  tried_bytes_ = wal_bytes_;
  sqlite3* const database = database_.getHandle();
  sqlite3_busy_timeout(database, wait_milliseconds);
  const int code = sqlite3_wal_checkpoint_v2(database, "main", mode, nullptr, nullptr);
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  if ((code & 0xff) == SQLITE_BUSY) {
    held_bytes_ = wal_bytes_;
    return false;
  }
  if (code != SQLITE_OK) statements_->Throw(code);
  wal_bytes_ = tried_bytes_ = held_bytes_ = written_out_bytes_ = 0;
  return true;
}

std::vector<std::uint32_t> Connection::CopyInto(Connection& target,
                                                const std::function<bool()>& stop) {
  // In one transaction, so that what fails its HMAC is known in the end.
  std::optional<ReadTransaction> own;
  if (!InTransaction()) own.emplace(*this);
  std::vector<std::uint32_t> zeros = CopyPages(target, stop);
  CheckPagesRead();
  return zeros;
}

void Connection::FailAsDamaged() {
  statements_->Throw(SQLITE_CORRUPT);
}

std::vector<std::uint32_t> Connection::CopyPages(Connection& target,
                                                 const std::function<bool()>& stop) {
  constexpr int kPagesAtOnce = 256;
  sqlite3* const to = target.database_.getHandle();
  sqlite3_backup* const copy = sqlite3_backup_init(to, "main", database_.getHandle(), "main");
  if (copy == nullptr) throw SQLite::Exception(to);
  int code = SQLITE_OK;
  std::vector<std::uint32_t> zeros;
  file_guard_.Pass(&zeros);
  while (code == SQLITE_OK)
    code = stop && stop() ? SQLITE_INTERRUPT : sqlite3_backup_step(copy, kPagesAtOnce);
  const int finished = sqlite3_backup_finish(copy);
  file_guard_.Pass(nullptr);
  // What is no hole must not be found in memory either.
  sqlite3_db_release_memory(database_.getHandle());
  if (code == SQLITE_ERROR) CheckPagesRead();
  if (VerdictOf(code) == Verdict::kSetAside) FailAsDamaged();
  if (code != SQLITE_DONE) throw SQLite::Exception("the database cannot be copied", code);
  if (finished != SQLITE_OK) throw SQLite::Exception("the database cannot be copied", finished);
  return zeros;
}

std::unique_ptr<Connection> OpenSurely(const std::filesystem::path& file, const Secret& key,
                                       Access access, Durability durability) {
  try {
    return std::make_unique<Connection>(file, key, access, durability);
  } catch (const SQLite::Exception& exception) {
    if (VerdictOf(CodeOf(exception)) != Verdict::kSetAside) throw;
  }
  return std::make_unique<Connection>(file, key, access, durability);
}

std::string CipherVersion() {
  ConfigureLibrary();
  SQLite::Database memory(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY);
  // Of the whole process: what SQLCipher would print on stderr is in the errors that we answer.
  sqlite3_exec(memory.getHandle(), "PRAGMA cipher_log_level = NONE", nullptr, nullptr, nullptr);
  StatementCache statements(memory.getHandle());
  Query query(statements, "PRAGMA cipher_version");
  return query.Next() ? query.GetText(0) : std::string();
}

bool IsUsableCipherVersion(const std::string& version) {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc()) return false;
  return major > 4 || (major == 4 && minor >= 5);
}

}  // namespace hark::store
