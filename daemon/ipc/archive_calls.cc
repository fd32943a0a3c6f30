#include "daemon/ipc/archive_calls.h"

#include <string>
#include <utility>

#include "hark/v1/admin.pb.h"

#include "daemon/base/secret.h"
#include "daemon/ipc/api_version.h"
#include "daemon/ipc/archive_stream.h"
#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/restore_call.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/wire.h"

namespace hark::ipc {
namespace {

using Event = StreamReactor::Event;

ArchiveStream::Source ExportEvents(std::shared_ptr<store::ExportSource> source) {
  auto first = std::make_unique<v1::ExportResponse>();
  first->mutable_begin()->set_conversations(source->totals().conversations);
  first->mutable_begin()->set_messages(source->totals().messages);
  const auto next = [source = std::move(source)]() -> Result<Event> {
    auto part = source->Next();
    if (!part) return tl::unexpected(std::move(part.error()));
    if (!*part) return Event();
    auto event = std::make_unique<v1::ExportResponse>();
    if ((*part)->conversation) {
      ToProto(*(*part)->conversation, event->mutable_conversation());
    } else {
      auto* messages = event->mutable_messages();
      for (const Message& message : (*part)->messages) ToProto(message, messages->add_messages());
    }
    return Event(std::move(event));
  };
  return {std::move(first), next};
}

ArchiveStream::Source BackupEvents(std::shared_ptr<account::BackupBytes> source) {
  auto first = std::make_unique<v1::BackupResponse>();
  first->mutable_begin()->set_bytes(source->size());
  const auto next = [source = std::move(source)]() -> Result<Event> {
    auto bytes = source->Next();
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->empty()) return Event();
    auto event = std::make_unique<v1::BackupResponse>();
    event->set_data(*std::move(bytes));
    return Event(std::move(event));
  };
  return {std::move(first), next};
}

grpc::Status TooMany() {
  return ToStreamStatus({ErrorCode::kResourceExhausted,
                         "Too many exports, backups and restores are under way. Try again."});
}

}  // namespace

std::unique_ptr<ArchiveSlot> ArchiveSlot::Take(Count taken) {
  const std::size_t now = ++*taken;
  std::unique_ptr<ArchiveSlot> slot(new ArchiveSlot(std::move(taken)));
  if (now > limits::kArchiveCalls) return nullptr;
  return slot;
}

ByteStream* ArchiveCalls::Export(grpc::CallbackServerContext* call,
                                 const grpc::ByteBuffer* request) {
  if (grpc::Status fits = CheckApiVersion(*call); !fits.ok()) return RefusedStream(fits);
  v1::ExportRequest in;
  if (const auto parsed = Parse(*request, &in); !parsed)
    return RefusedStream(ToGrpcStatus(parsed.error()));
  std::optional<ConversationId> conversation;
  if (!in.conversation_id().empty()) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return RefusedStream(ToGrpcStatus(id.error()));
    conversation = *std::move(id);
  }
  auto account = context_.Account();
  if (!account) return RefusedStream(ToGrpcStatus(account.error()));
  auto slot = ArchiveSlot::Take(open_);
  if (!slot) return RefusedStream(TooMany());
  return ArchiveStream::Start(
      context_.streams, queue_, std::move(slot),
      [account = *std::move(account), conversation = std::move(conversation)](
          const std::atomic<bool>& cancelled) mutable -> Result<ArchiveStream::Source> {
        // Let go of at once: a stream that is read for an hour does not keep the account open.
        const auto held = std::exchange(account, nullptr);
        auto source = held->archive().Export(conversation, cancelled);
        if (!source) return tl::unexpected(std::move(source.error()));
        return ExportEvents(*std::move(source));
      });
}

ByteStream* ArchiveCalls::Backup(grpc::CallbackServerContext* call,
                                 const grpc::ByteBuffer* request) {
  if (grpc::Status fits = CheckApiVersion(*call); !fits.ok()) return RefusedStream(fits);
  v1::BackupRequest in;
  if (const auto parsed = Parse(*request, &in); !parsed)
    return RefusedStream(ToGrpcStatus(parsed.error()));
  auto passphrase = std::make_shared<const Secret>(std::move(*in.mutable_passphrase()));
  auto account = context_.Account();
  if (!account) return RefusedStream(ToGrpcStatus(account.error()));
  auto slot = ArchiveSlot::Take(open_);
  if (!slot) return RefusedStream(TooMany());
  return ArchiveStream::Start(
      context_.streams, queue_, std::move(slot),
      [account = *std::move(account), passphrase = std::move(passphrase)](
          const std::atomic<bool>& cancelled) mutable -> Result<ArchiveStream::Source> {
        const auto held = std::exchange(account, nullptr);
        auto source = held->archive().Backup(*passphrase, cancelled);
        if (!source) return tl::unexpected(std::move(source.error()));
        return BackupEvents(*std::move(source));
      });
}

ArchiveCalls::ByteReader* ArchiveCalls::Restore(grpc::CallbackServerContext* call,
                                                grpc::ByteBuffer* response) {
  if (grpc::Status fits = CheckApiVersion(*call); !fits.ok()) return RefusedRestore(fits);
  auto slot = ArchiveSlot::Take(open_);
  if (!slot) return RefusedRestore(TooMany());
  auto upload = context_.accounts.BeginRestore();
  if (!upload) return RefusedRestore(ToGrpcStatus(upload.error()));
  return RestoreCall::Begin(context_.accounts, queue_, std::move(slot), *std::move(upload),
                            response);
}

}  // namespace hark::ipc
