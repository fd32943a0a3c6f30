// Bridges between one unary call of gRPC and the code that answers it: Answer() for what is
// answered from local data on gRPC's own thread, AnswerLater() for what completes in a callback.

#ifndef HARK_DAEMON_IPC_UNARY_H_
#define HARK_DAEMON_IPC_UNARY_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "daemon/base/result.h"
#include "daemon/ipc/api_version.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/wire.h"

namespace hark::ipc {

// `method`: Result<void>(Request&, Response*), called before this returns; it may take the
// request's strings. Whatever version of the API the client speaks.
template <typename Request, typename Response, typename Method>
grpc::ServerUnaryReactor* AnswerAnyVersion(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response, const Method& method) {
  google::protobuf::Arena arena;
  auto* in = google::protobuf::Arena::CreateMessage<Request>(&arena);
  auto* out = google::protobuf::Arena::CreateMessage<Response>(&arena);
  Result<void> answered = Parse(*request, in);
  if (answered) answered = method(*in, out);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(answered ? Serialise(*out, response) : ToGrpcStatus(answered.error()));
  return reactor;
}

// The same, for a client whose version fits.
template <typename Request, typename Response, typename Method>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                 const Method& method) {
  if (grpc::Status fits = CheckApiVersion(*context); !fits.ok()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(fits);
    return reactor;
  }
  return AnswerAnyVersion<Request, Response>(context, request, response, method);
}

// For an answer that is mostly bytes already. `method`: Result<std::string>(Request&), the encoded
// answer. For a client whose version fits.
template <typename Request, typename Method>
grpc::ServerUnaryReactor* AnswerEncoded(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                        const Method& method) {
  const auto answer = [&]() -> grpc::Status {
    if (grpc::Status fits = CheckApiVersion(*context); !fits.ok()) return fits;
    Request in;
    if (const auto parsed = Parse(*request, &in); !parsed) return ToGrpcStatus(parsed.error());
    const Result<std::string> bytes = method(in);
    if (!bytes) return ToGrpcStatus(bytes.error());
    *response = ToBuffer(*bytes);
    return grpc::Status::OK;
  };
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(answer());
  return reactor;
}

// A call that is answered from another thread. Thread-safe. It ends with the first of Succeed(),
// Fail() and the client's or the server's cancelling; whatever comes later is ignored, so that a
// callback which never comes cannot hold up Stop().
class PendingCall final : public grpc::ServerUnaryReactor {
 public:
  // Kept alive by gRPC until the call is over, and by whoever still holds it.
  [[nodiscard]] static std::shared_ptr<PendingCall> Create(grpc::ByteBuffer* response) {
    std::shared_ptr<PendingCall> call(new PendingCall(response));
    call->self_ = call;
    return call;
  }

  void Succeed(const google::protobuf::MessageLite& answer) {
    if (!ended_.exchange(true)) Finish(Serialise(answer, response_));
  }
  void Fail(const grpc::Status& status) {
    if (!ended_.exchange(true)) Finish(status);
  }

  // True once it is over: whoever works on its answer may stop.
  [[nodiscard]] const std::atomic<bool>& ended() const { return ended_; }

  void OnCancel() override { Fail(grpc::Status::CANCELLED); }
  void OnDone() override { self_.reset(); }

 private:
  explicit PendingCall(grpc::ByteBuffer* response) : response_(response) {}

  grpc::ByteBuffer* response_;  // gRPC's, valid until Finish().
  std::atomic<bool> ended_{false};
  std::shared_ptr<PendingCall> self_;
};

// `method`: Result<void>(Request&, std::shared_ptr<PendingCall>). On success it has arranged for
// the call to be ended. For a client whose version fits.
template <typename Request, typename Method>
grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                      const Method& method) {
  const std::shared_ptr<PendingCall> call = PendingCall::Create(response);
  if (const grpc::Status fits = CheckApiVersion(*context); !fits.ok()) {
    call->Fail(fits);
    return call.get();
  }
  Request in;
  Result<void> begun = Parse(*request, &in);
  if (begun) begun = method(in, call);
  if (!begun) call->Fail(ToGrpcStatus(begun.error()));
  return call.get();
}

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_UNARY_H_
