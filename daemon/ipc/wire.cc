#include "daemon/ipc/wire.h"

#include <grpcpp/impl/codegen/proto_utils.h>

namespace hark::ipc {

namespace protobuf = google::protobuf;

Result<void> Parse(const grpc::ByteBuffer& bytes, protobuf::MessageLite* out) {
  grpc::ByteBuffer copy(bytes);  // Of references to the slices; reading consumes them.
  using Traits = grpc::SerializationTraits<protobuf::MessageLite>;
  if (Traits::Deserialize(&copy, out).ok()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the request is malformed, or text in it is not valid UTF-8");
}

grpc::Status Serialise(const protobuf::MessageLite& message, grpc::ByteBuffer* out) {
  bool own_buffer = false;
  return grpc::SerializationTraits<protobuf::MessageLite>::Serialize(message, out, &own_buffer);
}

grpc::ByteBuffer ToBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

}  // namespace hark::ipc
