#ifndef HARK_TOOLS_BACKEND_ARCHIVE_SCHEMA_H_
#define HARK_TOOLS_BACKEND_ARCHIVE_SCHEMA_H_

// The archive's file: its tables, and how it is opened. One connection does everything, so there is
// never a second one that writes or checkpoints at the same time.

#include <memory>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/result.h"

namespace hark::backend {

// Opens or creates the archive. A file that is not one, or is of a newer program, is refused and
// not touched.
Result<std::unique_ptr<SQLite::Database>> OpenArchive(const std::string& path);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_ARCHIVE_SCHEMA_H_
