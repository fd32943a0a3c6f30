// Admin.Export, Backup and Restore: long streams of bytes, at the pace of the client, of what was
// copied before.

#ifndef HARK_DAEMON_IPC_ARCHIVE_CALLS_H_
#define HARK_DAEMON_IPC_ARCHIVE_CALLS_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "daemon/base/limits.h"
#include "daemon/ipc/archive_slot.h"
#include "daemon/ipc/archive_stream.h"
#include "daemon/ipc/restore_call.h"
#include "daemon/ipc/service_context.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {

// The handlers. Outlives every call.
class ArchiveCalls {
 public:
  explicit ArchiveCalls(const ServiceContext& context) : context_(context) {}

  [[nodiscard]] ByteStream* Export(grpc::CallbackServerContext* call,
                                   const grpc::ByteBuffer* request);
  [[nodiscard]] ByteStream* Backup(grpc::CallbackServerContext* call,
                                   const grpc::ByteBuffer* request);
  [[nodiscard]] ByteReader* Restore(grpc::CallbackServerContext* call, grpc::ByteBuffer* response);

 private:
  // Makes what a stream is of; may take long, and looks at the flag meanwhile.
  using Source = std::function<Result<ArchiveStream::Source>(account::Archive& archive,
                                                             const std::atomic<bool>& cancelled)>;

  // Of the account that is open now.
  [[nodiscard]] Result<ByteStream*> Start(Source source);

  const ServiceContext context_;
  const ArchiveSlot::Count open_ = std::make_shared<std::atomic<std::size_t>>(0);
  WorkQueue queue_{"hark-archive", limits::kArchivesAtOnce, limits::kArchiveCalls};
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_ARCHIVE_CALLS_H_
