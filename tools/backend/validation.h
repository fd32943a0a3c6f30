#ifndef HARK_TOOLS_BACKEND_VALIDATION_H_
#define HARK_TOOLS_BACKEND_VALIDATION_H_

// What a value has to be like, whoever sends it: a client over the wire or a file that is imported.
// Pure.

#include <string>

#include "tools/backend/result.h"
#include "tools/backend/types.h"

namespace hark::backend {

// `what` names the value in the error: "the message id".
Result<void> CheckId(const std::string& id, const std::string& what);
Result<void> CheckTitle(const std::string& title);
// Not empty, not over the limit, valid UTF-8.
Result<void> CheckContent(const std::string& content);

// Everything that counts in an appended message, except that the conversation exists.
Result<void> CheckMessage(const Message& message);

// As CheckMessage, for a message from an import file: there an assistant may have said nothing.
// Real histories have such messages, and leaving them out would change every sequence after them.
// Nobody can send one. A deleted one has no content.
Result<void> CheckImportedMessage(const Message& message);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_VALIDATION_H_
