// The unary calls of hark::Client.

#include "hark/client.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <grpcpp/client_context.h>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "client-sdk/src/call_error.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/socket_check.h"
#include "client-sdk/src/validate.h"

namespace hark::client {

// All calls are made through these.
struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : account(channel),
        admin(channel),
        conversations(channel),
        messages(channel),
        sync(channel) {}

  v1::Account::Stub account;
  v1::Admin::Stub admin;
  v1::Conversations::Stub conversations;
  v1::Messages::Stub messages;
  v1::Sync::Stub sync;
};

Client::Impl::Impl(std::shared_ptr<const Link> shared_link)
    : link(std::move(shared_link)), stubs(std::make_unique<Stubs>(link->channel)) {}
Client::Impl::~Impl() = default;

namespace {

using SystemClock = std::chrono::system_clock;

// Pauses before a call is repeated after the connection broke: long enough for a daemon that is
// being restarted.
constexpr std::array<std::chrono::milliseconds, 3> kPauses = {
    std::chrono::milliseconds(50), std::chrono::milliseconds(150), std::chrono::milliseconds(400)};

// How one call is made.
struct Manner {
  std::chrono::milliseconds timeout;
  // The call may be made again when it is not known whether it had its effect.
  bool repeatable;
};

// The socket is looked at before each connection, so that the answer to "is there a daemon, and
// whose?" is ours and comes at once. A connection that is up needs no look.
Result<void> Prepare(const Link& link, grpc::ClientContext& context) {
  if (link.channel->GetState(false) == GRPC_CHANNEL_READY) return {};
  if (Result<void> check = CheckSocket(link.socket_path); !check) return check;
  // Somebody listens: wait for gRPC's connection instead of failing while its backoff lasts.
  context.set_wait_for_ready(true);
  return {};
}

template <typename Stub, typename Request, typename Response>
Result<Response> Call(const Link& link, Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Manner manner) {
  const SystemClock::time_point deadline = SystemClock::now() + manner.timeout;
  for (std::size_t attempt = 0;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    Result<void> ready = Prepare(link, context);
    CallError failure{};
    if (ready) {
      Response response;
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return response;
      failure = ExplainStatus(status);
      if (!failure.lost) return failure.error;
    } else {
      failure.error = ready.error();
      // Before the first attempt nothing was lost: there is no daemon, and that is the answer.
      if (attempt == 0 || failure.error.code != ErrorCode::kNoDaemon) return failure.error;
    }
    if (!manner.repeatable || attempt == kPauses.size()) return failure.error;
    if (SystemClock::now() + kPauses[attempt] >= deadline) return failure.error;
    std::this_thread::sleep_for(kPauses[attempt]);
  }
}

// The usual manner: everything but SignIn may be repeated.
Manner Usual(const Link& link) {
  return {link.options.call_timeout, true};
}

// Result<From> to Result<To> by a function.
template <typename From, typename Function>
auto Map(Result<From> from, Function function) -> Result<decltype(function(*from))> {
  if (!from) return from.error();
  return function(*from);
}

template <typename From>
Result<void> Drop(const Result<From>& from) {
  if (!from) return from.error();
  return {};
}

}  // namespace

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::Connect(ConnectOptions options) {
  std::string path = options.socket_path.empty() ? DefaultSocketPath() : options.socket_path;
  const auto deadline = std::chrono::steady_clock::now() + options.wait;
  Result<void> check = CheckSocket(path);
  while (!check && check.error().code == ErrorCode::kNoDaemon &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPauses[0]);
    check = CheckSocket(path);
  }
  if (!check) return check.error();
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

Result<MessagePage> Client::ListMessages(const ListMessagesRequest& request) {
  if (Result<void> id = ValidateId("the conversation's id", request.conversation_id); !id)
    return id.error();
  if (Result<void> id = ValidateText("the message's id", request.before_message_id); !id)
    return id.error();
  if (Result<void> size = ValidatePageSize(request.page_size); !size) return size.error();
  v1::ListMessagesRequest proto;
  proto.set_conversation_id(request.conversation_id);
  proto.set_before_message_id(request.before_message_id);
  proto.set_page_size(request.page_size);
  proto.set_policy(request.policy == FetchPolicy::kCacheOnly
                       ? v1::ListMessagesRequest::POLICY_CACHE_ONLY
                       : v1::ListMessagesRequest::POLICY_CACHE_THEN_SYNC);
  return Map(Call(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::ListMessages, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

Result<Message> Client::SendMessage(SendRequest request) {
  if (Result<void> valid = ValidateSend(request); !valid) return valid.error();
  v1::SendMessageRequest proto;
  proto.set_conversation_id(std::move(request.conversation_id));
  proto.set_content(std::move(request.content));
  proto.set_content_type(std::move(request.content_type));
  proto.mutable_metadata()->insert(request.metadata.begin(), request.metadata.end());
  // One id for all attempts: this is what makes repeating the call harmless.
  proto.set_id(request.id.empty() ? NewMessageId() : std::move(request.id));
  return Map(Call(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::SendMessage, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.message()); });
}

Result<AccountInfo> Client::SignIn(const std::string& token) {
  if (Result<void> valid = ValidateToken(token); !valid) return valid.error();
  v1::SignInRequest proto;
  proto.set_token(token);
  return Map(Call(*impl_->link, impl_->stubs->account, &v1::Account::Stub::SignIn, proto,
                  Manner{impl_->link->options.sign_in_timeout, false}),
             [](const auto& response) { return FromProto(response.account()); });
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
