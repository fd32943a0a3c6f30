// The unary calls of hark::Client but those about messages, which are in message_calls.cc.

#include "hark/client.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/daemon_start.h"
#include "client-sdk/src/socket_check.h"
#include "client-sdk/src/validate.h"
#include "client-sdk/src/wipe.h"

namespace hark::client {

Client::Impl::Impl(std::shared_ptr<const Link> shared_link)
    : link(std::move(shared_link)), stubs(std::make_unique<Stubs>(link->channel)) {}
Client::Impl::~Impl() = default;

namespace {

// For calls that work through the whole cache.
constexpr std::chrono::minutes kLongCall{10};

}  // namespace

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::Connect(ConnectOptions options) {
  std::string path = options.socket_path.empty() ? DefaultSocketPath() : options.socket_path;
  std::chrono::milliseconds wait = options.wait;
  Result<void> check = WaitForSocket(path, Absence::kIsAnAnswer, options.call_timeout);
  const bool starts = !options.daemon_program.empty();
  if (!check && check.error().code == ErrorCode::kNoDaemon && starts) {
    std::vector<std::string> arguments = options.daemon_arguments;
    arguments.insert(arguments.end(), {"--socket", path});
    if (Result<void> started = StartDaemon(options.daemon_program, arguments); !started)
      return started.error();
    wait = std::max(wait, kDaemonStart);
  }
  if (!check) check = WaitForSocket(path, Absence::kMayEnd, wait);
  if (!check) {
    Error error = check.error();
    if (error.code == ErrorCode::kNoDaemon && starts)
      error.message = "the daemon was started and does not listen; " + error.message;
    return error;
  }
  return Client(std::make_shared<Impl>(MakeLink(std::move(options), std::move(path))));
}

const std::string& Client::socket_path() const {
  return impl_->link->socket_path;
}

Result<VersionInfo> Client::GetVersion() {
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::GetVersion,
                  v1::GetVersionRequest(), Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

Result<Statistics> Client::GetStatistics() {
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::GetStatistics,
                  v1::GetStatisticsRequest(), Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

Result<RetentionPreview> Client::PreviewRetention(std::optional<std::uint32_t> days,
                                                  std::optional<std::uint64_t> max_bytes) {
  v1::PreviewRetentionRequest proto;
  if (days) proto.set_days(*days);
  if (max_bytes) proto.set_max_bytes(*max_bytes);
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::PreviewRetention, proto,
                  Manner{kLongCall, true}),
             [](const auto& response) { return FromProto(response); });
}

Result<RetentionOutcome> Client::RunRetention() {
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::RunRetention,
                  v1::RunRetentionRequest(), Manner{kLongCall, true}),
             [](const auto& response) { return FromProto(response); });
}

Result<RollBackOutcome> Client::RollBack(bool force) {
  v1::RollBackRequest proto;
  proto.set_force(force);
  return Map(Call(*impl_->link, impl_->stubs->admin, &v1::Admin::Stub::RollBack, proto,
                  Manner{kLongCall, false}),
             [](const auto& response) {
               return RollBackOutcome{response.from_cache(),   response.from_authored(),
                                      response.to_cache(),     response.to_authored(),
                                      response.entries_lost(), response.aside()};
             });
}

Result<void> Client::SetRetention(const std::string& conversation_id,
                                  std::optional<std::uint32_t> days) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id) return id;
  v1::SetRetentionRequest proto;
  proto.set_conversation_id(conversation_id);
  if (days) proto.set_days(*days);
  return Drop(Call(*impl_->link, impl_->stubs->conversations,
                   &v1::Conversations::Stub::SetRetention, proto, Usual(*impl_->link)));
}

Result<ConversationPage> Client::ListConversations(const ListConversationsRequest& request) {
  if (Result<void> size = ValidatePageSize(request.page_size); !size) return size.error();
  if (Result<void> token = ValidateText("the page token", request.page_token); !token)
    return token.error();
  v1::ListConversationsRequest proto;
  proto.set_page_size(request.page_size);
  proto.set_page_token(request.page_token);
  return Map(Call(*impl_->link, impl_->stubs->conversations,
                  &v1::Conversations::Stub::ListConversations, proto, Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

Result<Conversation> Client::GetConversation(const std::string& conversation_id) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id)
    return id.error();
  v1::GetConversationRequest proto;
  proto.set_conversation_id(conversation_id);
  return Map(Call(*impl_->link, impl_->stubs->conversations,
                  &v1::Conversations::Stub::GetConversation, proto, Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.conversation()); });
}

Result<void> Client::OpenConversation(const std::string& conversation_id) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id) return id;
  v1::OpenConversationRequest proto;
  proto.set_conversation_id(conversation_id);
  return Drop(Call(*impl_->link, impl_->stubs->conversations,
                   &v1::Conversations::Stub::OpenConversation, proto, Usual(*impl_->link)));
}

Result<void> Client::CloseConversation(const std::string& conversation_id) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id) return id;
  v1::CloseConversationRequest proto;
  proto.set_conversation_id(conversation_id);
  return Drop(Call(*impl_->link, impl_->stubs->conversations,
                   &v1::Conversations::Stub::CloseConversation, proto, Usual(*impl_->link)));
}

Result<Conversation> Client::MarkRead(const std::string& conversation_id,
                                      const std::string& message_id) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id)
    return id.error();
  if (Result<void> id = ValidateText("the message's id", message_id); !id) return id.error();
  v1::MarkReadRequest proto;
  proto.set_conversation_id(conversation_id);
  proto.set_message_id(message_id);
  return Map(Call(*impl_->link, impl_->stubs->conversations, &v1::Conversations::Stub::MarkRead,
                  proto, Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.conversation()); });
}

Result<AccountInfo> Client::SignIn(const std::string& token) {
  if (Result<void> valid = ValidateToken(token); !valid) return valid.error();
  v1::SignInRequest proto;
  proto.set_token(token);
  auto response = Call(*impl_->link, impl_->stubs->account, &v1::Account::Stub::SignIn, proto,
                       Manner{impl_->link->options.sign_in_timeout, false});
  Wipe(proto.mutable_token());
  return Map(std::move(response),
             [](const auto& signed_in) { return FromProto(signed_in.account()); });
}

Result<AccountInfo> Client::SignOut() {
  return Map(Call(*impl_->link, impl_->stubs->account, &v1::Account::Stub::SignOut,
                  v1::SignOutRequest(), Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.account()); });
}

Result<AccountInfo> Client::GetAccount() {
  return Map(Call(*impl_->link, impl_->stubs->account, &v1::Account::Stub::GetAccount,
                  v1::GetAccountRequest(), Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.account()); });
}

Result<SyncStatus> Client::GetSyncStatus() {
  // The API has the status only as a stream; its first event is the status now.
  grpc::ClientContext context;
  context.set_deadline(SystemClock::now() + impl_->link->options.call_timeout);
  if (Result<void> ready = Prepare(*impl_->link, context); !ready) return ready.error();
  v1::WatchStatusResponse response;
  auto reader = impl_->stubs->sync.WatchStatus(&context, v1::WatchStatusRequest());
  const bool read = reader->Read(&response);
  if (read) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (read) return FromProto(response.status());
  if (status.ok()) {
    return Error{ErrorCode::kUnavailable, "the daemon is stopping", Retry::kLater};
  }
  return ExplainStatus(status).error;
}

Result<void> Client::SyncNow() {
  return Drop(Call(*impl_->link, impl_->stubs->sync, &v1::Sync::Stub::SyncNow, v1::SyncNowRequest(),
                   Usual(*impl_->link)));
}

}  // namespace hark::client
