// What a person may do with a message that is there already.

#ifndef HARK_DAEMON_MODEL_MESSAGE_ACTION_H_
#define HARK_DAEMON_MODEL_MESSAGE_ACTION_H_

#include <string>
#include <variant>

#include "daemon/model/ids.h"

namespace hark {

// Replaces the content: in place if the message has not left this machine, otherwise as a change
// that waits for the message's acknowledgement.
struct EditMessage {
  std::string content;
};

// Deletes it for everybody; one that is not at the backend is cancelled instead.
struct DeleteMessage {};

// Tries a failed or expired message, or a failed change of one, again.
struct RetryMessage {};

// Lets the later sends of the conversation pass a failed one.
struct SkipMessage {};

// Withdraws a message that is not at the backend, or a change that has not left.
struct CancelMessage {};

struct MessageAction {
  ConversationId conversation;
  MessageId message;
  std::variant<EditMessage, DeleteMessage, RetryMessage, SkipMessage, CancelMessage> what;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_MESSAGE_ACTION_H_
