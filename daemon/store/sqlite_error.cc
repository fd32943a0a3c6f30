#include "daemon/store/sqlite_error.h"

#include <new>
#include <string>

#include <sqlite3.h>

namespace hark::store {
namespace {

constexpr int Primary(int code) {
  return code & 0xff;
}

}  // namespace

Error ToError(const SQLite::Exception& exception) {
  const int extended = exception.getExtendedErrorCode();
  const std::string number = " (SQLite " + std::to_string(extended) + ")";
  if (extended == SQLITE_IOERR_WRITE) {
    return {ErrorCode::kResourceExhausted, "the disk did not take the data" + number};
  }
  switch (Primary(exception.getErrorCode())) {
    case SQLITE_FULL: return {ErrorCode::kResourceExhausted, "the disk is full" + number};
    case SQLITE_NOMEM: return {ErrorCode::kResourceExhausted, "out of memory" + number};
    case SQLITE_CORRUPT: return {ErrorCode::kCorrupt, "the database is damaged" + number};
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              "the database cannot be read with this key, or is damaged" + number};
    case SQLITE_TOOBIG: return {ErrorCode::kInvalidArgument, "too large to be stored" + number};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kInternal, "another program holds the database" + number};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {ErrorCode::kInternal, "the database file cannot be opened for this" + number};
    case SQLITE_IOERR:
      return {ErrorCode::kInternal, "reading or writing the database file failed" + number};
    default: return {ErrorCode::kInternal, "the database refused a statement" + number};
  }
}

Error ToError(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorCode::kResourceExhausted, "out of memory"};
  }
  return {ErrorCode::kInternal, "the store failed unexpectedly"};
}

bool BreaksConnection(const SQLite::Exception& exception) {
  switch (Primary(exception.getErrorCode())) {
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR: return true;
    default: return false;
  }
}

}  // namespace hark::store
