// Requests and answers as bytes. Every method takes and gives bytes itself, for two reasons: gRPC
// would answer a request that does not parse (text that is not UTF-8, say) with an empty
// UNIMPLEMENTED, and one reactor serves all streams.

#ifndef HARK_DAEMON_IPC_WIRE_H_
#define HARK_DAEMON_IPC_WIRE_H_

#include <string_view>

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "daemon/base/result.h"

namespace hark::ipc {

// kInvalidArgument: not a message of that type, or a string in it is not UTF-8.
[[nodiscard]] Result<void> Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* out);

[[nodiscard]] grpc::Status Serialise(const google::protobuf::MessageLite& message,
                                     grpc::ByteBuffer* out);

// Of an encoded message.
[[nodiscard]] grpc::ByteBuffer ToBuffer(std::string_view bytes);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_WIRE_H_
