// Bridges between one call of gRPC that is answered with a stream and the code that makes the
// stream.

#ifndef HARK_DAEMON_IPC_STREAM_CALL_H_
#define HARK_DAEMON_IPC_STREAM_CALL_H_

#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "daemon/base/result.h"
#include "daemon/ipc/api_version.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/ipc/wire.h"

namespace hark::ipc {

// `method`: Result<ByteStream*>(Request&), called before this returns; it may take the request's
// strings. Its error is how the call ends. For a client whose version fits.
template <typename Request, typename Method>
ByteStream* AnswerStream(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                         const Method& method) {
  if (const grpc::Status fits = CheckApiVersion(*context); !fits.ok()) return RefusedStream(fits);
  Request in;
  if (const auto parsed = Parse(*request, &in); !parsed) {
    return RefusedStream(ToStreamStatus(parsed.error()));
  }
  const Result<ByteStream*> stream = method(in);
  return stream ? *stream : RefusedStream(ToStreamStatus(stream.error()));
}

// The stream counts among those that are open, and is to begin. Its error is that of
// StreamRegistry::Add().
template <typename Stream>
[[nodiscard]] Result<Stream*> Registered(StreamRegistry& registry, std::unique_ptr<Stream> stream) {
  if (const auto added = registry.Add(stream.get()); !added) return tl::unexpected(added.error());
  return stream.release();
}

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_STREAM_CALL_H_
