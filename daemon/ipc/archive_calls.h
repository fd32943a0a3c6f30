// Admin.Export, Backup and Restore: long streams of bytes, at the pace of the client, of what was
// copied before.

#ifndef HARK_DAEMON_IPC_ARCHIVE_CALLS_H_
#define HARK_DAEMON_IPC_ARCHIVE_CALLS_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "daemon/base/limits.h"
#include "daemon/ipc/service_context.h"
#include "daemon/ipc/stream_reactor.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {

// A call that counts among those that may be open at once, for as long as this lives; that may be
// longer than the server does, when an answer never comes.
class ArchiveSlot {
 public:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;

  // Null: too many are open.
  [[nodiscard]] static std::unique_ptr<ArchiveSlot> Take(Count taken);
  ArchiveSlot(const ArchiveSlot&) = delete;
  ArchiveSlot& operator=(const ArchiveSlot&) = delete;
  ~ArchiveSlot() { --*taken_; }

 private:
  explicit ArchiveSlot(Count taken) : taken_(std::move(taken)) {}

  const Count taken_;
};

// The handlers. Outlives every call.
class ArchiveCalls {
 public:
  using ByteReader = grpc::ServerReadReactor<grpc::ByteBuffer>;

  explicit ArchiveCalls(const ServiceContext& context) : context_(context) {}

  [[nodiscard]] ByteStream* Export(grpc::CallbackServerContext* call,
                                   const grpc::ByteBuffer* request);
  [[nodiscard]] ByteStream* Backup(grpc::CallbackServerContext* call,
                                   const grpc::ByteBuffer* request);
  [[nodiscard]] ByteReader* Restore(grpc::CallbackServerContext* call, grpc::ByteBuffer* response);

 private:
  const ServiceContext context_;
  const ArchiveSlot::Count open_ = std::make_shared<std::atomic<std::size_t>>(0);
  WorkQueue queue_{"hark-archive", limits::kArchivesAtOnce, limits::kArchiveCalls};
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_ARCHIVE_CALLS_H_
