#ifndef HARK_TOOLS_BACKEND_IMPORT_LINE_H_
#define HARK_TOOLS_BACKEND_IMPORT_LINE_H_

// One line of an import file, one conversation as JSON:
//
//   {"conversation_id": …, "title": …, "messages": [{"role": "user" | "assistant" | "system",
//   "content": …}, …]}
//
// A message may also have "id", "created_at" (RFC 3339), "content_type" and "metadata" (strings by
// name), and what has become of it: "revision", "edited_at", "deleted". A conversation may have
// "read_sequence" (without it all of it counts as read) and "last_activity_at", which counts if it
// has no messages. Fields that are not known are ignored, so
// what `hark export` writes can be read. Pure.

#include <string_view>

#include "tools/backend/archive_import.h"
#include "tools/backend/result.h"

namespace hark::backend {

// Every value is checked; the error says what is wrong with the line without quoting it. Messages
// have an id afterwards, and created_at only if the line gives one.
Result<ImportedConversation> ParseImportLine(std::string_view line);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_IMPORT_LINE_H_
