// One watch over gRPC as a Stream for stream_loop.h.

#ifndef HARK_CLIENT_SDK_SRC_GRPC_STREAM_H_
#define HARK_CLIENT_SDK_SRC_GRPC_STREAM_H_

#include <functional>
#include <memory>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include "client-sdk/src/call_error.h"
#include "client-sdk/src/link.h"
#include "client-sdk/src/socket_check.h"
#include "client-sdk/src/stream_loop.h"
#include "hark/result.h"
#include "hark/watch.h"

namespace hark::client {

// Calls a callback, if there is one.
template <typename Event>
void Emit(const std::function<void(const Event&)>& callback, const Event& event) {
  if (callback) callback(event);
}

template <typename Response>
StreamPosition PositionOf(const Response& response) {
  return {response.revision(), response.resume_token()};
}

// What all watches have in common. Service is the generated class (v1::Sync), Request and
// Response the call's.
template <typename Service, typename Request, typename Response>
class GrpcStream : public Stream {
 public:
  using Method = std::unique_ptr<grpc::ClientReader<Response>> (Service::Stub::*)(
      grpc::ClientContext*, const Request&);

  GrpcStream(std::shared_ptr<const Link> link, Method method, Request request)
      : link_(std::move(link)),
        stub_(link_->channel),
        method_(method),
        request_(std::move(request)) {}

  Result<void> Check() override { return CheckSocket(link_->socket_path); }

  Error Run(StreamControl& control, const std::function<void()>& connected) override {
    grpc::ClientContext context;
    SayApiVersion(context);
    context.set_wait_for_ready(true);  // Somebody listens: outlast the channel's own backoff.
    if (!control.BeginAttempt([&context] { context.TryCancel(); }))
      return Ended(grpc::Status::CANCELLED);
    const Attempt attempt(control, context);
    auto reader = (stub_.*method_)(&context, request_);
    Response response;
    bool first = true;
    while (!control.stopped() && reader->Read(&response)) {
      if (control.stopped()) break;
      if (std::exchange(first, false)) connected();
      Deliver(response);
      Remember(response);
    }
    // Not when the daemon ended it: the cancellation could overtake the daemon's reason.
    if (control.stopped()) context.TryCancel();
    return Ended(reader->Finish());
  }

 protected:
  virtual void Deliver(const Response& response) = 0;
  // After an event was handled: where to continue.
  virtual void Remember(const Response& response) = 0;

  Request& request() { return request_; }
  [[nodiscard]] const Request& request() const { return request_; }

 private:
  // While it lives, the context may be cancelled from outside. Also when a callback throws.
  class Attempt {
   public:
    Attempt(StreamControl& control, grpc::ClientContext& context)
        : control_(control), context_(context) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() {
      control_.EndAttempt();
      context_.TryCancel();
    }

   private:
    StreamControl& control_;
    grpc::ClientContext& context_;
  };

  static Error Ended(const grpc::Status& status) {
    // A stream that ends without an error ends because the daemon stops.
    if (status.ok()) return {ErrorCode::kNoDaemon, "the daemon stopped", Retry::kLater};
    return ExplainStatus(status).error;
  }

  const std::shared_ptr<const Link> link_;
  typename Service::Stub stub_;
  const Method method_;
  Request request_;
};

// Streams that resume.
template <typename Service, typename Request, typename Response>
class ResumableStream : public GrpcStream<Service, Request, Response> {
 public:
  using GrpcStream<Service, Request, Response>::GrpcStream;

  [[nodiscard]] bool has_token() const override { return !this->request().resume_token().empty(); }
  void ForgetToken() override { this->request().clear_resume_token(); }

 protected:
  void Remember(const Response& response) override {
    if (!response.resume_token().empty()) this->request().set_resume_token(response.resume_token());
  }
};

// The handle of a watch that runs from now on. kResourceExhausted: there is no thread to be had.
[[nodiscard]] Result<Subscription> StartWatch(std::unique_ptr<Stream> stream,
                                              StreamHandlers handlers);

[[nodiscard]] Result<void> ValidateWatch(const WatchOptions& options);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_GRPC_STREAM_H_
