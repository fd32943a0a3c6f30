// The rules of what a person may do with a message, in each state that it may be in
// (docs/sending.md has them as a table).

#ifndef HARK_DAEMON_STORE_MESSAGE_ACTIONS_H_
#define HARK_DAEMON_STORE_MESSAGE_ACTIONS_H_

#include "daemon/base/result.h"
#include "daemon/model/message.h"
#include "daemon/model/message_action.h"
#include "daemon/store/job_context.h"

namespace hark::store {

// Answers the message as it is shown afterwards; errors as Writer::Act(). Nothing is written when
// it fails. May throw what SQLite throws.
[[nodiscard]] Result<Message> DoAction(JobContext& context, const MessageAction& action);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MESSAGE_ACTIONS_H_
