// hark.v1.Changes.

#include <memory>
#include <utility>

#include "hark/v1/changes.grpc.pb.h"

#include "daemon/ipc/changes_topic.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/watch_stream.h"

namespace hark::ipc {
namespace {

using Base = v1::Changes::WithRawCallbackMethod_WatchChanges<v1::Changes::Service>;

class ChangesService final : public Base {
 public:
  explicit ChangesService(const ServiceContext& context) : context_(context) {}

  ByteStream* WatchChanges(grpc::CallbackServerContext* call,
                           const grpc::ByteBuffer* request) override {
    return AnswerStream<v1::WatchChangesRequest>(call, request,
                                                 [this](auto& in) { return Watch(in); });
  }

 private:
  Result<ByteStream*> Watch(v1::WatchChangesRequest& in) {
    const auto size = CheckedPageSize(in.snapshot_size(), "snapshot_size");
    if (!size) return tl::unexpected(size.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    auto topic = std::make_unique<ChangesTopic>((*account)->reader().StoreId(), *size);
    return WatchStream::Start(context_.streams, *std::move(account), std::move(topic),
                              in.resume_token());
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewChangesService(const ServiceContext& context) {
  return std::make_unique<ChangesService>(context);
}

}  // namespace hark::ipc
