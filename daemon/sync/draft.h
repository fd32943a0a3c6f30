// Checks what a person wrote before it becomes a message. Pure.

#ifndef HARK_DAEMON_SYNC_DRAFT_H_
#define HARK_DAEMON_SYNC_DRAFT_H_

#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/model/message.h"
#include "daemon/sync/intents.h"

namespace hark::sync {

// Whether a message may have this content: not empty, not too large, UTF-8. As below.
[[nodiscard]] Result<void> CheckContent(const std::string& content);

// The message to store: with an id (the draft's in lower case, or a new one), by the user, written
// now. kInvalidArgument with a sentence that says what is wrong, without the content.
[[nodiscard]] Result<Message> ToMessage(Draft draft, WallTime now);

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_DRAFT_H_
