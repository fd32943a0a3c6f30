// A watch as a client of the tests has it open.

#ifndef HARK_TESTS_UNIT_IPC_OPEN_WATCH_H_
#define HARK_TESTS_UNIT_IPC_OPEN_WATCH_H_

#include <chrono>
#include <memory>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

namespace hark::ipc {

// One open stream of a client that reads when it is told to.
template <typename Response>
class Watch {
 public:
  // No test waits for long: an event that never comes fails instead of hanging.
  Watch() { context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }

  grpc::ClientContext& context() { return context_; }
  void Open(std::unique_ptr<grpc::ClientReader<Response>> reader) { reader_ = std::move(reader); }

  // The next event; an empty one if the stream ended.
  Response Next() {
    Response event;
    if (!reader_->Read(&event)) event.Clear();
    return event;
  }

  // Reads to the end.
  grpc::Status End() {
    Response event;
    while (reader_->Read(&event)) {
    }
    return reader_->Finish();
  }

  void Cancel() {
    context_.TryCancel();
    (void)End();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
};

}  // namespace hark::ipc

#endif  // HARK_TESTS_UNIT_IPC_OPEN_WATCH_H_
