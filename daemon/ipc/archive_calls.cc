#include "daemon/ipc/archive_calls.h"

#include <string>
#include <utility>

#include "hark/v1/admin.pb.h"

#include "daemon/base/secret.h"
#include "daemon/ipc/api_version.h"
#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_call.h"

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

Error TooMany() {
  return {ErrorCode::kResourceExhausted,
          "Too many exports, backups and restores are under way. Try again."};
}

}  // namespace

Result<ByteStream*> ArchiveCalls::Start(Source source) {
  auto account = context_.Account();
  if (!account) return tl::unexpected(account.error());
  auto slot = ArchiveSlot::Take(open_);
  if (!slot) return tl::unexpected(TooMany());
  return ArchiveStream::Start(
      context_.streams, queue_, std::move(slot),
      [account = *std::move(account), source = std::move(source)](
          const std::atomic<bool>& cancelled) mutable -> Result<ArchiveStream::Source> {
        // Let go of at once: a stream that is read for an hour does not keep the account open.
        const auto held = std::exchange(account, nullptr);
        return source(held->archive(), cancelled);
      });
}

ByteStream* ArchiveCalls::Export(grpc::CallbackServerContext* call,
                                 const grpc::ByteBuffer* request) {
  return AnswerStream<v1::ExportRequest>(call, request, [this](auto& in) -> Result<ByteStream*> {
    auto conversation = CheckedConversationOrAll(std::move(*in.mutable_conversation_id()));
    if (!conversation) return tl::unexpected(conversation.error());
    return Start([conversation = *std::move(conversation)](
                     account::Archive& archive,
                     const std::atomic<bool>& cancelled) -> Result<ArchiveStream::Source> {
      auto source = archive.Export(conversation, cancelled);
      if (!source) return tl::unexpected(std::move(source.error()));
      return ExportEvents(*std::move(source));
    });
  });
}

ByteStream* ArchiveCalls::Backup(grpc::CallbackServerContext* call,
                                 const grpc::ByteBuffer* request) {
  return AnswerStream<v1::BackupRequest>(call, request, [this](auto& in) {
    auto passphrase = std::make_shared<const Secret>(std::move(*in.mutable_passphrase()));
    return Start([passphrase = std::move(passphrase)](
                     account::Archive& archive,
                     const std::atomic<bool>& cancelled) -> Result<ArchiveStream::Source> {
      auto source = archive.Backup(*passphrase, cancelled);
      if (!source) return tl::unexpected(std::move(source.error()));
      return BackupEvents(*std::move(source));
    });
  });
}

ByteReader* ArchiveCalls::Restore(grpc::CallbackServerContext* call, grpc::ByteBuffer* response) {
  if (grpc::Status fits = CheckApiVersion(*call); !fits.ok()) return RefusedRestore(fits);
  auto slot = ArchiveSlot::Take(open_);
  if (!slot) return RefusedRestore(ToStreamStatus(TooMany()));
  auto upload = context_.accounts.BeginRestore();
  if (!upload) return RefusedRestore(ToGrpcStatus(upload.error()));
  return RestoreCall::Begin(context_.accounts, queue_, std::move(slot), *std::move(upload),
                            response);
}

}  // namespace hark::ipc
