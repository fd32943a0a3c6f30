#ifndef HARK_TOOLS_BACKEND_SQLITE_ERRORS_H_
#define HARK_TOOLS_BACKEND_SQLITE_ERRORS_H_

// Where SQLiteCpp's exceptions end: every call that uses the database goes through `Guarded`, and
// none leaves it.

#include <SQLiteCpp/Exception.h>

#include "tools/backend/result.h"

namespace hark::backend {

// Without anybody's content: SQLite's sentences name tables and columns, not values.
Error FromSqlite(const SQLite::Exception& failure);

// Runs `work`, which returns a Result; an exception becomes its error.
template <typename Work>
auto Guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& failure) {
    return tl::unexpected<Error>(FromSqlite(failure));
  }
}

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_SQLITE_ERRORS_H_
