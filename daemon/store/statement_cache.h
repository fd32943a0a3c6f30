// Prepared statements of one connection, compiled once. All SQL text is in static storage (the
// *_rows.cc files), so the address of the text is its name.

#ifndef HARK_DAEMON_STORE_STATEMENT_CACHE_H_
#define HARK_DAEMON_STORE_STATEMENT_CACHE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace hark::store {

// Used by one thread at a time, like its connection, which outlives it.
class StatementCache {
 public:
  // A statement that is right, and asks for a page.
  static constexpr char kAnyPage[] = "SELECT rootpage FROM sqlite_master LIMIT 1";

  explicit StatementCache(sqlite3* database) : database_(database) {}
  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;
  ~StatementCache();

  // Finalizes every statement; none may be in use.
  void Clear();

  // Throws the error that the connection has just had; SQLITE_CORRUPT if it is that a page failed
  // its HMAC, which the connection knows until its transaction ends.
  [[noreturn]] void Throw(int code);
  // The extended code of the last one; 0: none yet.
  [[nodiscard]] int LastFailure() const { return last_failure_; }

 private:
  friend class Query;
  // Where a statement is while nobody uses it; null while it is borrowed. A second borrower
  // compiles its own.
  using Place = sqlite3_stmt*;
  // `place`: to be returned to.
  sqlite3_stmt* Borrow(const char* sql, Place*& place);
  static void Return(sqlite3_stmt* statement, Place& place);

  sqlite3* database_;
  int last_failure_ = 0;
  std::unordered_map<const void*, Place> idle_;
};

// One execution of a statement. Values are bound in the order of the question marks, then rows are
// taken one by one. Throws SQLite::Exception.
class Query {
 public:
  Query(StatementCache& cache, const char* sql);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  Query& Int(std::int64_t value);
  Query& Uint(std::uint64_t value) { return Int(static_cast<std::int64_t>(value)); }
  Query& Bool(bool value) { return Int(value ? 1 : 0); }
  Query& Null();
  // Copied.
  Query& Text(std::string_view value);
  Query& Blob(std::string_view value);
  // Not copied: `value` must outlive the execution. For contents.
  Query& LongText(std::string_view value);

  // The next row, if there is one.
  bool Next();
  // For statements without rows.
  void Run();

  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] bool IsInteger(int column) const;
  [[nodiscard]] bool IsBlob(int column) const;
  [[nodiscard]] std::int64_t GetInt(int column) const;
  [[nodiscard]] std::uint64_t GetUint(int column) const {
    return static_cast<std::uint64_t>(GetInt(column));
  }
  [[nodiscard]] bool GetBool(int column) const { return GetInt(column) != 0; }
  // Valid until the next row.
  [[nodiscard]] std::string_view GetBytes(int column) const;
  [[nodiscard]] std::string GetText(int column) const { return std::string(GetBytes(column)); }

 private:
  void Check(int code) const;

  StatementCache& cache_;
  StatementCache::Place* place_ = nullptr;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STATEMENT_CACHE_H_
