// The calls of hark::Client about messages.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/validate.h"
#include "hark/client.h"

namespace hark::client {
namespace {

// A call about one message that answers with it.
template <typename Request, typename Response>
Result<Message> Act(const Link& link, v1::Messages::Stub& stub,
                    grpc::Status (v1::Messages::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const MessageRef& message, Request proto = {}) {
  if (Result<void> valid = ValidateMessage(message); !valid) return valid.error();
  proto.set_conversation_id(message.conversation_id);
  proto.set_message_id(message.message_id);
  return Map(Call(link, stub, method, proto, Usual(link)),
             [](const auto& response) { return FromProto(response.message()); });
}

// An older daemon would not know the field, and answer the newest page for it.
Result<void> NeedPageAnchors(Client& client, std::atomic<bool>& has_them) {
  if (has_them.load()) return {};
  const Result<VersionInfo> version = client.GetVersion();
  if (!version) return version.error();
  const std::vector<std::string>& words = version->capabilities;
  if (std::find(words.begin(), words.end(), "page-anchors") == words.end()) {
    return Error{ErrorCode::kUnsupported,
                 "the daemon is too old to read on from a message; update it", Retry::kAfterAction};
  }
  has_them.store(true);
  return {};
}

}  // namespace

Result<MessagePage> Client::ListMessages(const ListMessagesRequest& request) {
  if (Result<void> id = ValidateId("the conversation's id", request.conversation_id); !id)
    return id.error();
  if (Result<void> anchor = ValidateAnchor(request); !anchor) return anchor.error();
  if (Result<void> size = ValidatePageSize(request.page_size); !size) return size.error();
  if (!request.after_message_id.empty() || !request.around_message_id.empty()) {
    if (Result<void> known = NeedPageAnchors(*this, impl_->has_page_anchors); !known)
      return known.error();
  }
  v1::ListMessagesRequest proto;
  proto.set_conversation_id(request.conversation_id);
  proto.set_before_message_id(request.before_message_id);
  proto.set_after_message_id(request.after_message_id);
  proto.set_around_message_id(request.around_message_id);
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

Result<Message> Client::EditMessage(EditRequest request) {
  if (Result<void> valid = ValidateContent(request.content); !valid) return valid.error();
  v1::EditMessageRequest proto;
  proto.set_content(std::move(request.content));
  return Act(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::EditMessage,
             request.message, std::move(proto));
}

Result<Message> Client::DeleteMessage(const MessageRef& message) {
  return Act(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::DeleteMessage, message);
}

Result<Message> Client::RetryMessage(const MessageRef& message) {
  return Act(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::RetryMessage, message);
}

Result<std::uint32_t> Client::RetryMessages(const std::string& conversation_id) {
  if (Result<void> id = ValidateText("the conversation's id", conversation_id); !id)
    return id.error();
  v1::RetryMessagesRequest proto;
  proto.set_conversation_id(conversation_id);
  return Map(Call(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::RetryMessages, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return std::uint32_t{response.count()}; });
}

Result<Message> Client::SkipMessage(const MessageRef& message) {
  return Act(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::SkipMessage, message);
}

Result<Message> Client::CancelMessage(const MessageRef& message) {
  return Act(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::CancelMessage, message);
}

}  // namespace hark::client
