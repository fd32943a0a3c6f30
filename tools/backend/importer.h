#ifndef HARK_TOOLS_BACKEND_IMPORTER_H_
#define HARK_TOOLS_BACKEND_IMPORTER_H_

// Imports a file of conversations. It is read twice: first every line is checked and counted, then
// all is stored in one transaction. So a bad line is found before anything is written, and the
// count is known that the times are spread over: the last line's conversation is the latest, and
// each conversation's last message is its last activity.

#include <cstdint>
#include <functional>
#include <string>

#include "tools/backend/archive.h"
#include "tools/backend/clock.h"
#include "tools/backend/result.h"

namespace hark::backend {

struct ImportOptions {
  std::string file;
  UserId user;
  int days = 30;
};

struct ImportSummary {
  std::uint64_t conversations = 0;  // Added.
  std::uint64_t messages = 0;       // Added.
  std::uint64_t skipped = 0;        // Conversations that were there already.
};

// Told how far the import is: what it does now, and the part of it that is done, 0 to 1.
using ImportProgress = std::function<void(const char* phase, double done)>;

// An error names the line by its number, from 1; then nothing was stored.
Result<ImportSummary> ImportFile(Archive& archive, const Clock& clock, const ImportOptions& options,
                                 const ImportProgress& progress);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_IMPORTER_H_
