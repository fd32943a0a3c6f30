// Conversations, model to proto. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_CONVERSATION_H_
#define HARK_DAEMON_IPC_CONVERT_CONVERSATION_H_

#include <cstddef>

#include "hark/v1/types.pb.h"

#include "daemon/model/conversation.h"

namespace hark::ipc {

// `out` must be empty.
void ToProto(const Conversation& conversation, v1::Conversation* out);

// At least the size of that.
[[nodiscard]] std::size_t EncodedSizeBound(const Conversation& conversation);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_CONVERSATION_H_
