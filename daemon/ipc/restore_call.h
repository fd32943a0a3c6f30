// One Restore() call: takes the bytes in as they come, then has them restored.

#ifndef HARK_DAEMON_IPC_RESTORE_CALL_H_
#define HARK_DAEMON_IPC_RESTORE_CALL_H_

#include <atomic>
#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "daemon/account/accounts.h"
#include "daemon/ipc/archive_slot.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {

using ByteReader = grpc::ServerReadReactor<grpc::ByteBuffer>;

// A call that ends before it begins.
[[nodiscard]] ByteReader* RefusedRestore(const grpc::Status& status);

// Kept alive by gRPC until the call is over, and by whoever still works for it. One read is
// outstanding at a time, then the work, then Finish(). From the work on it ends with the first of
// its answer and the client's or the server's cancelling, so that an answer which never comes
// cannot hold up Stop().
class RestoreCall final : public ByteReader {
 public:
  // `response` is gRPC's, valid until Finish(). The answer is gRPC's too.
  [[nodiscard]] static RestoreCall* Begin(account::Accounts& accounts, WorkQueue& queue,
                                          std::unique_ptr<ArchiveSlot> slot,
                                          std::unique_ptr<account::RestoreUpload> upload,
                                          grpc::ByteBuffer* response);

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { self_.reset(); }

 private:
  RestoreCall(account::Accounts& accounts, WorkQueue& queue, std::unique_ptr<ArchiveSlot> slot,
              std::unique_ptr<account::RestoreUpload> upload, grpc::ByteBuffer* response);

  // A piece that came in.
  [[nodiscard]] Result<void> Take();
  // On the thread that works. gRPC may let go of the call meanwhile.
  static void Restore(const std::shared_ptr<RestoreCall>& call);
  void Answer(const Result<account::RestoreOutcome>& outcome);
  void End(const grpc::Status& status);

  account::Accounts& accounts_;
  WorkQueue& queue_;
  const std::unique_ptr<ArchiveSlot> slot_;
  std::unique_ptr<account::RestoreUpload> upload_;
  account::RestoreOptions options_;
  bool begun_ = false;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> is_working_ = false;  // Nothing is read any more.
  std::atomic<bool> ended_ = false;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer* const response_;
  std::shared_ptr<RestoreCall> self_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_RESTORE_CALL_H_
