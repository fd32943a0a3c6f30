// Messages and gaps, model to proto and back. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_MESSAGE_H_
#define HARK_DAEMON_IPC_CONVERT_MESSAGE_H_

#include <string_view>

#include "hark/v1/messages.pb.h"
#include "hark/v1/types.pb.h"

#include "daemon/model/conversation.h"
#include "daemon/model/message.h"
#include "daemon/sync/intents.h"

namespace hark::ipc {

[[nodiscard]] v1::Role ToProto(Role role);

// What the field says of a stored type: never empty.
[[nodiscard]] std::string_view ShownContentType(std::string_view stored);
[[nodiscard]] v1::DeliveryState ToProto(Delivery delivery);

// `out` must be empty.
void ToProto(const DeliveryFailure& failure, v1::DeliveryFailure* out);
void ToProto(const Message& message, v1::Message* out);
void ToProto(const Gap& gap, v1::Gap* out);

// Takes the text out of the request.
[[nodiscard]] sync::Draft DraftFrom(v1::SendMessageRequest& request);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_MESSAGE_H_
