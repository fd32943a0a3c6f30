#include "daemon/ipc/restore_call.h"

#include <utility>

#include "hark/v1/admin.pb.h"

#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/wire.h"

namespace hark::ipc {
namespace {

tl::unexpected<Error> NotInOrder() {
  return Fail(ErrorCode::kInvalidArgument, "first `begin`, then `data`");
}

class Refused final : public ByteReader {
 public:
  explicit Refused(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

ByteReader* RefusedRestore(const grpc::Status& status) {
  return new Refused(status);
}

RestoreCall::RestoreCall(account::Accounts& accounts, WorkQueue& queue,
                         std::unique_ptr<ArchiveSlot> slot,
                         std::unique_ptr<account::RestoreUpload> upload, grpc::ByteBuffer* response)
    : accounts_(accounts),
      queue_(queue),
      slot_(std::move(slot)),
      upload_(std::move(upload)),
      response_(response) {}

RestoreCall* RestoreCall::Begin(account::Accounts& accounts, WorkQueue& queue,
                                std::unique_ptr<ArchiveSlot> slot,
                                std::unique_ptr<account::RestoreUpload> upload,
                                grpc::ByteBuffer* response) {
  const std::shared_ptr<RestoreCall> call(
      new RestoreCall(accounts, queue, std::move(slot), std::move(upload), response));
  call->self_ = call;
  call->StartRead(&call->in_);
  return call.get();
}

void RestoreCall::OnReadDone(bool ok) {
  if (!ok) {
    // The client has said all, or is gone.
    if (queue_.Submit([self = self_] { Restore(self); })) return;
    return End(ToGrpcStatus({ErrorCode::kResourceExhausted, "Too much is under way. Try again."}));
  }
  if (const Result<void> taken = Take(); !taken) return End(ToGrpcStatus(taken.error()));
  StartRead(&in_);
}

void RestoreCall::OnCancel() {
  cancelled_ = true;
  if (is_working_) End(grpc::Status::CANCELLED);
}

Result<void> RestoreCall::Take() {
  v1::RestoreRequest piece;
  if (const auto parsed = Parse(in_, &piece); !parsed) return parsed;
  if (piece.item_case() == v1::RestoreRequest::kBegin) {
    // Wiped also when it is refused.
    Secret passphrase(std::move(*piece.mutable_begin()->mutable_passphrase()));
    if (begun_) return NotInOrder();
    begun_ = true;
    options_.passphrase = std::move(passphrase);
    options_.discard_unsent = piece.begin().discard_unsent();
    return {};
  }
  if (piece.item_case() == v1::RestoreRequest::kData && begun_)
    return upload_->Append(piece.data());
  return NotInOrder();
}

void RestoreCall::Restore(const std::shared_ptr<RestoreCall>& call) {
  call->is_working_ = true;
  // Who gives up before the end does not want what came until then.
  if (call->cancelled_) return call->End(grpc::Status::CANCELLED);
  if (!call->begun_) return call->Answer(Fail(ErrorCode::kInvalidArgument, "`begin` is missing"));
  call->accounts_.Restore(
      std::move(call->upload_), std::move(call->options_),
      [call](const Result<account::RestoreOutcome>& outcome) { call->Answer(outcome); });
}

void RestoreCall::Answer(const Result<account::RestoreOutcome>& outcome) {
  if (!outcome) return End(ToGrpcStatus(outcome.error()));
  v1::RestoreResponse out;
  ToProto(outcome->made_at, out.mutable_made_at());
  out.set_conversations(outcome->conversations);
  out.set_messages(outcome->messages);
  out.set_outbox(outcome->outbox);
  out.set_entries_lost(outcome->entries_lost);
  out.set_aside(outcome->aside);
  // The response is gRPC's no more when the call has ended.
  if (!ended_.exchange(true)) Finish(Serialise(out, response_));
}

void RestoreCall::End(const grpc::Status& status) {
  if (!ended_.exchange(true)) Finish(status);
}

}  // namespace hark::ipc
