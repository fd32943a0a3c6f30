// The calls of hark::Client about an account's data as a whole.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/validate.h"
#include "client-sdk/src/wipe.h"

namespace hark::client {
namespace {

// For calls that remove files, and for streams that read or write all of them.
constexpr std::chrono::minutes kRemoving{10};
constexpr std::chrono::hours kWholeAccount{24};

Error Cancelled() {
  return {ErrorCode::kCancelled, "the call was given up", Retry::kNo};
}

// An older daemon would not know the field, and only sign out.
Result<void> NeedForget(Client& client) {
  const Result<VersionInfo> version = client.GetVersion();
  if (!version) return version.error();
  const std::vector<std::string>& words = version->capabilities;
  if (std::find(words.begin(), words.end(), "forget") != words.end()) return {};
  return Error{ErrorCode::kUnsupported, "the daemon is too old to forget an account; update it",
               Retry::kAfterAction};
}

// What became of a stream; `stopped`: by a handler.
Result<void> Ended(const grpc::Status& status, bool stopped) {
  if (stopped) return Cancelled();
  if (!status.ok()) return ExplainStatus(status).error;
  return {};
}

bool Handle(const ExportHandlers& handlers, const v1::ExportResponse& response) {
  switch (response.item_case()) {
    case v1::ExportResponse::kBegin:
      return !handlers.on_begin ||
             handlers.on_begin(response.begin().conversations(), response.begin().messages());
    case v1::ExportResponse::kConversation:
      return !handlers.on_conversation ||
             handlers.on_conversation(FromProto(response.conversation()));
    case v1::ExportResponse::kMessages: {
      if (!handlers.on_messages) return true;
      std::vector<Message> messages;
      for (const auto& message : response.messages().messages())
        messages.push_back(FromProto(message));
      return handlers.on_messages(messages);
    }
    case v1::ExportResponse::ITEM_NOT_SET: break;
  }
  return true;  // Of a newer daemon.
}

}  // namespace

Result<ForgetOutcome> Client::SignOutAndForget(bool discard_unsent) {
  if (Result<void> able = NeedForget(*this); !able) return able.error();
  v1::SignOutRequest proto;
  proto.set_forget(true);
  proto.set_discard_unsent(discard_unsent);
  return Map(Call(*impl_->link, impl_->stubs->account, &v1::Account::Stub::SignOut, proto,
                  Manner{kRemoving, false}),
             [](const auto& response) {
               return ForgetOutcome{FromProto(response.account()),
                                    {response.entries_lost(), response.drafts_lost()}};
             });
}

Result<ClearCacheOutcome> Client::ClearCache(const ClearCacheRequest& request) {
  v1::ClearCacheRequest proto;
  proto.set_everything(request.everything);
  proto.set_discard_unsent(request.discard_unsent);
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::ClearCache, proto,
                  Manner{kRemoving, false}),
             [](const auto& response) {
               return ClearCacheOutcome{response.bytes_removed(),
                                        {response.entries_lost(), response.drafts_lost()}};
             });
}

Result<void> Client::Export(const std::string& conversation_id, const ExportHandlers& handlers) {
  v1::ExportRequest proto;
  if (!conversation_id.empty()) {
    if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id) return id;
    proto.set_conversation_id(conversation_id);
  }
  grpc::ClientContext context;
  context.set_deadline(SystemClock::now() + kWholeAccount);
  if (Result<void> ready = Prepare(*impl_->link, context); !ready) return ready;
  auto reader = impl_->stubs->admin.Export(&context, proto);
  v1::ExportResponse response;
  bool stopped = false;
  while (!stopped && reader->Read(&response)) stopped = !Handle(handlers, response);
  if (stopped) context.TryCancel();
  return Ended(reader->Finish(), stopped);
}

Result<void> Client::Backup(const std::string& passphrase, const BackupSink& sink) {
  if (Result<void> text = ValidateText("the passphrase", passphrase); !text) return text;
  v1::BackupRequest proto;
  proto.set_passphrase(passphrase);
  grpc::ClientContext context;
  context.set_deadline(SystemClock::now() + kWholeAccount);
  if (Result<void> ready = Prepare(*impl_->link, context); !ready) return ready;
  auto reader = impl_->stubs->admin.Backup(&context, proto);
  Wipe(proto.mutable_passphrase());
  v1::BackupResponse response;
  bool stopped = false;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  while (!stopped && reader->Read(&response)) {
    if (response.item_case() == v1::BackupResponse::kBegin) total = response.begin().bytes();
    if (response.item_case() != v1::BackupResponse::kData) continue;
    done += response.data().size();
    stopped = !sink(response.data(), done, total);
  }
  if (stopped) context.TryCancel();
  if (Result<void> ended = Ended(reader->Finish(), stopped); !ended) return ended;
  if (done == total) return {};
  return Error{ErrorCode::kInternal, "the daemon did not send all of the backup", Retry::kLater};
}

Result<RestoreOutcome> Client::Restore(const RestoreRequest& request, const RestoreReader& read) {
  if (Result<void> text = ValidateText("the passphrase", request.passphrase); !text)
    return text.error();
  grpc::ClientContext context;
  context.set_deadline(SystemClock::now() + kWholeAccount);
  if (Result<void> ready = Prepare(*impl_->link, context); !ready) return ready.error();
  v1::RestoreResponse response;
  auto writer = impl_->stubs->admin.Restore(&context, &response);
  v1::RestoreRequest piece;
  piece.mutable_begin()->set_passphrase(request.passphrase);
  piece.mutable_begin()->set_discard_unsent(request.discard_unsent);
  bool stopped = false;
  // A write that fails is one that the daemon has refused: Finish() says why.
  bool more = writer->Write(piece);
  Wipe(piece.mutable_begin()->mutable_passphrase());
  while (more) {
    std::optional<std::string> bytes = read();
    stopped = !bytes;
    if (stopped || bytes->empty()) break;
    piece.set_data(*std::move(bytes));
    more = writer->Write(piece);
  }
  if (stopped) {
    context.TryCancel();
  } else {
    writer->WritesDone();
  }
  if (Result<void> ended = Ended(writer->Finish(), stopped); !ended) return ended.error();
  RestoreOutcome outcome;
  if (response.has_made_at()) outcome.made_at = FromProto(response.made_at());
  outcome.conversations = response.conversations();
  outcome.messages = response.messages();
  outcome.outbox = response.outbox();
  outcome.entries_lost = response.entries_lost();
  outcome.aside = response.aside();
  return outcome;
}

}  // namespace hark::client
