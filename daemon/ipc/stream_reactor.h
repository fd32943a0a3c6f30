// One server stream towards gRPC: one write in flight, one end, whatever thread the events come
// from.

#ifndef HARK_DAEMON_IPC_STREAM_REACTOR_H_
#define HARK_DAEMON_IPC_STREAM_REACTOR_H_

#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include <google/protobuf/message_lite.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "daemon/base/result.h"
#include "daemon/ipc/stream_registry.h"

namespace hark::ipc {

using ByteStream = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// A stream that ends before it begins.
[[nodiscard]] ByteStream* RefusedStream(const grpc::Status& status);

// Deletes itself when gRPC is done with it; nobody owns it.
//
// Locks: mutex() is taken inside calls of the bus, the status board and the registry, so none of
// these is ever called with it held. gRPC may be called with any of them held: it never calls back
// on the caller's stack.
//
// `busy_` is the right to touch the reactor: whoever sets it alone calls StartWrite() or Finish().
// gRPC deletes the object only after Finish(), so it also keeps the object alive for its holder,
// who must not touch a member after either call.
class StreamReactor : public ByteStream {
 public:
  using Event = std::unique_ptr<google::protobuf::MessageLite>;

  StreamReactor(const StreamReactor&) = delete;
  StreamReactor& operator=(const StreamReactor&) = delete;
  ~StreamReactor() override = default;

  // Ends the stream after the write in flight; the first reason counts. From any thread.
  void End(const grpc::Status& why);

  void OnWriteDone(bool ok) final;
  void OnCancel() final;
  void OnDone() final;

 protected:
  struct Idle {};
  struct Write {
    Event event;
  };
  // The next event needs a read of the store: Prepare() makes it, on a thread of gRPC and without
  // the lock.
  struct ReadFirst {};
  using Work = std::variant<Idle, Write, ReadFirst>;

  explicit StreamReactor(StreamRegistry& registry) : registry_(registry) {}

  // What to write next. Called with the lock held; must not block.
  [[nodiscard]] virtual Work NextWork() = 0;
  // Null: there is nothing to write after all. An error ends the stream.
  [[nodiscard]] virtual Result<Event> Prepare() = 0;
  // It is decided that the stream ends: whoever works for it may stop. From any thread, perhaps
  // more than once; must not block.
  virtual void Ending() {}
  // Ends what calls this object. Last call; without the lock, on a thread of gRPC.
  virtual void Detach() = 0;

  // Exactly one of these begins the stream, in the handler that makes it; nothing is written
  // before.
  void BeginWith(Event event);
  void BeginWithPrepare();
  void BeginWithNextWork();

  // After something was queued.
  void Pump();

  // Guards the state that NextWork() reads.
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

 private:
  void PrepareAndWrite();
  void StartWriteOf(const Event& event);

  StreamRegistry& registry_;
  std::mutex mutex_;
  bool busy_ = true;                 // Guarded by mutex_.
  std::optional<grpc::Status> end_;  // Guarded by mutex_; never changes once set.
  grpc::ByteBuffer out_;             // gRPC's between StartWrite() and OnWriteDone().
  // Moves Prepare() from the publisher's thread to one of gRPC's. A new one each time: the callback
  // of the old one may not have returned yet.
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_STREAM_REACTOR_H_
