// Messages as the bytes of a repeated field, written straight from the model: the bytes that
// ToProto() and protobuf make, without an object and its strings for each message of a page.

#ifndef HARK_DAEMON_IPC_MESSAGE_ENCODER_H_
#define HARK_DAEMON_IPC_MESSAGE_ENCODER_H_

#include <string>

#include "daemon/model/message.h"

namespace hark::ipc {

// Appends `message` as one v1::Message of the repeated field `field`, whose number is below 16.
// Texts are not looked at: what is stored is UTF-8. Several entries of metadata come in the order
// of their names.
void AppendMessage(int field, const Message& message, std::string& out);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_MESSAGE_ENCODER_H_
