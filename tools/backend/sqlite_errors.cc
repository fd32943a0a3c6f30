#include "tools/backend/sqlite_errors.h"

#include <string>

namespace hark::backend {

Error FromSqlite(const SQLite::Exception& failure) {
  // SQLITE_BUSY, SQLITE_IOERR and SQLITE_FULL: the same call may work later.
  constexpr int kBusy = 5;
  constexpr int kIoError = 10;
  constexpr int kFull = 13;
  const int code = failure.getErrorCode();
  const bool passing = code == kBusy || code == kIoError || code == kFull;
  return {passing ? ErrorCode::kUnavailable : ErrorCode::kInternal,
          std::string("the database failed: ") + failure.what()};
}

}  // namespace hark::backend
