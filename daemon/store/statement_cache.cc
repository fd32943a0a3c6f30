#include "daemon/store/statement_cache.h"

#include <utility>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace hark::store {

StatementCache::~StatementCache() {
  Clear();
}

void StatementCache::Clear() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  idle_.clear();
}

sqlite3_stmt* StatementCache::Borrow(const char* sql, Place*& place) {
  place = &idle_.try_emplace(sql, nullptr).first->second;
  if (*place != nullptr) return std::exchange(*place, nullptr);
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) Throw(code);
  return statement;
}

void StatementCache::Throw(int code) {
  const SQLite::Exception exception(database_, code);
  last_failure_ = code;  // Extended: connections are set to answer so.
  // SQLCipher has no code of its own for a page that fails its HMAC. Whatever asks for a page after
  // it is refused as a wrong statement is.
  if (code != SQLITE_ERROR ||
      sqlite3_exec(database_, kAnyPage, nullptr, nullptr, nullptr) != SQLITE_ERROR)
    throw exception;
  last_failure_ = SQLITE_CORRUPT;
  throw SQLite::Exception("a page fails its HMAC", SQLITE_CORRUPT);
}

void StatementCache::Return(sqlite3_stmt* statement, Place& place) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (place == nullptr) {
    place = statement;
  } else {
    sqlite3_finalize(statement);
  }
}

Query::Query(StatementCache& cache, const char* sql)
    : cache_(cache), statement_(cache.Borrow(sql, place_)) {}

Query::~Query() {
  StatementCache::Return(statement_, *place_);
}

Query& Query::Int(std::int64_t value) {
  Check(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

Query& Query::Null() {
  Check(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

// An empty view may have no address, which SQLite would take for NULL.
Query& Query::Text(std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  Check(sqlite3_bind_text64(statement_, ++bound_, bytes, value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Query& Query::Blob(std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  Check(sqlite3_bind_blob64(statement_, ++bound_, bytes, value.size(), SQLITE_TRANSIENT));
  return *this;
}

Query& Query::LongText(std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  Check(sqlite3_bind_text64(statement_, ++bound_, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

bool Query::Next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  cache_.Throw(code);
}

void Query::Run() {
  while (Next()) {
  }
}

bool Query::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
bool Query::IsInteger(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_INTEGER;
}
bool Query::IsBlob(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_BLOB;
}
std::int64_t Query::GetInt(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Query::GetBytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void Query::Check(int code) const {
  if (code != SQLITE_OK) cache_.Throw(code);
}

}  // namespace hark::store
