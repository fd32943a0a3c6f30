// One Restore() call: takes the bytes in as they come, then has them restored.

#ifndef HARK_DAEMON_IPC_RESTORE_CALL_H_
#define HARK_DAEMON_IPC_RESTORE_CALL_H_

#include <atomic>
#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "daemon/account/accounts.h"
#include "daemon/ipc/archive_calls.h"
#include "daemon/ipc/work_queue.h"

namespace hark::ipc {

// A call that ends before it begins.
[[nodiscard]] ArchiveCalls::ByteReader* RefusedRestore(const grpc::Status& status);

// Deletes itself when gRPC is done with it. One read is outstanding at a time, then the work, then
// Finish(): so nothing of it runs on two threads at once.
class RestoreCall final : public ArchiveCalls::ByteReader {
 public:
  // `response` is gRPC's, valid until Finish().
  RestoreCall(account::Accounts& accounts, WorkQueue& queue, std::unique_ptr<ArchiveSlot> slot,
              std::unique_ptr<account::RestoreUpload> upload, grpc::ByteBuffer* response);

  void OnReadDone(bool ok) override;
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { delete this; }

 private:
  // A piece that came in.
  [[nodiscard]] Result<void> Take();
  void Restore();
  void End(const Result<account::RestoreOutcome>& outcome);

  account::Accounts& accounts_;
  WorkQueue& queue_;
  const std::unique_ptr<ArchiveSlot> slot_;
  std::unique_ptr<account::RestoreUpload> upload_;
  account::RestoreOptions options_;
  bool begun_ = false;
  std::atomic<bool> cancelled_ = false;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer* const response_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_RESTORE_CALL_H_
