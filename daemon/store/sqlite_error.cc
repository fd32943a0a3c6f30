#include "daemon/store/sqlite_error.h"

#include <new>

#include <sqlite3.h>

#include "daemon/base/log.h"
#include "daemon/store/error_policy.h"

namespace hark::store {
namespace {

const char* SentenceFor(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_NOMEM: return "out of memory";
    case SQLITE_CORRUPT: return "the database is damaged";
    case SQLITE_NOTADB: return "the database cannot be read with this key, or is damaged";
    case SQLITE_TOOBIG: return "too large to be stored";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds the database";
    case SQLITE_CANTOPEN: return "the database file cannot be opened";
    case SQLITE_PERM:
    case SQLITE_READONLY: return "the database file cannot be written to";
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_WRITE ? "the disk did not take the data"
                                        : "reading or writing the database file failed";
    default: return "the database refused a statement";
  }
}

ErrorCode ErrorCodeFor(int code) {
  if (code == SQLITE_TOOBIG) return ErrorCode::kInvalidArgument;
  switch (VerdictOf(code)) {
    case Verdict::kRetry:
    case Verdict::kReopen:
    case Verdict::kReadOnly: return ErrorCode::kResourceExhausted;
    case Verdict::kSetAside: return ErrorCode::kCorrupt;
    case Verdict::kBug: return ErrorCode::kInternal;
  }
  return ErrorCode::kInternal;
}

}  // namespace

Error ToError(const SQLite::Exception& exception) {
  const int code = CodeOf(exception);
  Error error{ErrorCodeFor(code), SentenceFor(code)};
  // What only stood in the way is no news: a search that was stopped, a snapshot that was too old.
  const log::Level level =
      VerdictOf(code) == Verdict::kRetry ? log::Level::kDebug : log::Level::kWarning;
  log::Write(level, "sqlite_failed", {{"number", code}, {"why", error}});
  return error;
}

Error ToError(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorCode::kResourceExhausted, "out of memory"};
  }
  return {ErrorCode::kInternal, "the store failed unexpectedly"};
}

}  // namespace hark::store
