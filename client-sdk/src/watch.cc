// The watches of hark::Client: each is a stream of grpc_stream.h.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/drafts.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/convert_user_state.h"
#include "client-sdk/src/grpc_stream.h"
#include "client-sdk/src/validate.h"
#include "hark/client.h"

namespace hark::client {
namespace {

class StatusStream final
    : public GrpcStream<v1::Sync, v1::WatchStatusRequest, v1::WatchStatusResponse> {
 public:
  StatusStream(std::shared_ptr<const Link> link, std::function<void(const SyncStatus&)> on_status)
      : GrpcStream(std::move(link), &v1::Sync::Stub::WatchStatus, {}),
        on_status_(std::move(on_status)) {}

  [[nodiscard]] bool has_token() const override { return false; }
  void ForgetToken() override {}

 private:
  void Deliver(const v1::WatchStatusResponse& response) override {
    Emit(on_status_, FromProto(response.status()));
  }
  void Remember(const v1::WatchStatusResponse& /*response*/) override {}

  const std::function<void(const SyncStatus&)> on_status_;
};

class ConversationsStream final
    : public ResumableStream<v1::Conversations, v1::WatchConversationsRequest,
                             v1::WatchConversationsResponse> {
 public:
  ConversationsStream(std::shared_ptr<const Link> link, v1::WatchConversationsRequest request,
                      ConversationsHandlers handlers)
      : ResumableStream(std::move(link), &v1::Conversations::Stub::WatchConversations,
                        std::move(request)),
        handlers_(std::move(handlers)) {}

 private:
  void Deliver(const v1::WatchConversationsResponse& response) override {
    using Response = v1::WatchConversationsResponse;
    switch (response.event_case()) {
      case Response::kSnapshot: {
        ConversationsSnapshot event = FromProto(response.snapshot());
        event.position = PositionOf(response);
        return Emit(handlers_.on_snapshot, event);
      }
      case Response::kResumed: return Emit(handlers_.on_resumed, PositionOf(response));
      case Response::kDelta: {
        ConversationsDelta event = FromProto(response.delta());
        event.position = PositionOf(response);
        return Emit(handlers_.on_delta, event);
      }
      case Response::EVENT_NOT_SET: return;  // An event of a newer daemon.
    }
  }

  const ConversationsHandlers handlers_;
};

class MessagesStream final
    : public ResumableStream<v1::Messages, v1::WatchMessagesRequest, v1::WatchMessagesResponse> {
 public:
  MessagesStream(std::shared_ptr<const Link> link, v1::WatchMessagesRequest request,
                 MessagesHandlers handlers)
      : ResumableStream(std::move(link), &v1::Messages::Stub::WatchMessages, std::move(request)),
        handlers_(std::move(handlers)) {}

 private:
  void Deliver(const v1::WatchMessagesResponse& response) override {
    using Response = v1::WatchMessagesResponse;
    switch (response.event_case()) {
      case Response::kSnapshot: {
        MessagesSnapshot event = FromProto(response.snapshot());
        event.position = PositionOf(response);
        return Emit(handlers_.on_snapshot, event);
      }
      case Response::kResumed: return Emit(handlers_.on_resumed, PositionOf(response));
      case Response::kDelta: {
        MessagesDelta event = FromProto(response.delta());
        event.position = PositionOf(response);
        return Emit(handlers_.on_delta, event);
      }
      case Response::kPartial: {
        const v1::WatchMessagesResponse::Partial& partial = response.partial();
        return Emit(
            handlers_.on_partial,
            PartialMessage{partial.message_id(), FromProto(partial.role()), partial.text()});
      }
      case Response::kTyping:
        return Emit(handlers_.on_typing,
                    Typing{FromProto(response.typing().role()), response.typing().active()});
      case Response::EVENT_NOT_SET: return;  // An event of a newer daemon.
    }
  }

  const MessagesHandlers handlers_;
};

StreamPosition PositionOf(const v1::WatchDraftsResponse& response) {
  return {response.version(), response.resume_token()};
}

class DraftsStream final
    : public ResumableStream<v1::Drafts, v1::WatchDraftsRequest, v1::WatchDraftsResponse> {
 public:
  DraftsStream(std::shared_ptr<const Link> link, v1::WatchDraftsRequest request,
               DraftsHandlers handlers)
      : ResumableStream(std::move(link), &v1::Drafts::Stub::WatchDrafts, std::move(request)),
        handlers_(std::move(handlers)) {}

 private:
  void Deliver(const v1::WatchDraftsResponse& response) override {
    using Response = v1::WatchDraftsResponse;
    switch (response.event_case()) {
      case Response::kSnapshot: {
        DraftsSnapshot event = FromProto(response.snapshot());
        event.position = PositionOf(response);
        return Emit(handlers_.on_snapshot, event);
      }
      case Response::kResumed: return Emit(handlers_.on_resumed, PositionOf(response));
      case Response::kDelta: {
        DraftsDelta event = FromProto(response.delta());
        event.position = PositionOf(response);
        return Emit(handlers_.on_delta, event);
      }
      case Response::EVENT_NOT_SET: return;  // An event of a newer daemon.
    }
  }

  const DraftsHandlers handlers_;
};

}  // namespace

Result<Subscription> Client::WatchStatus(StatusHandlers handlers) {
  StreamHandlers shared{handlers.on_connection, handlers.on_end};
  auto stream = std::make_unique<StatusStream>(impl_->link, std::move(handlers.on_status));
  return StartWatch(std::move(stream), std::move(shared));
}

Result<Subscription> Client::WatchConversations(ConversationsHandlers handlers,
                                                WatchOptions options) {
  if (Result<void> valid = ValidateWatch(options); !valid) return valid.error();
  v1::WatchConversationsRequest request;
  request.set_snapshot_size(options.snapshot_size);
  request.set_resume_token(std::move(options.resume_token));
  StreamHandlers shared{handlers.on_connection, handlers.on_end};
  auto stream =
      std::make_unique<ConversationsStream>(impl_->link, std::move(request), std::move(handlers));
  return StartWatch(std::move(stream), std::move(shared));
}

Result<Subscription> Client::WatchMessages(const std::string& conversation_id,
                                           MessagesHandlers handlers, WatchOptions options) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id)
    return id.error();
  if (Result<void> valid = ValidateWatch(options); !valid) return valid.error();
  v1::WatchMessagesRequest request;
  request.set_conversation_id(conversation_id);
  request.set_snapshot_size(options.snapshot_size);
  request.set_resume_token(std::move(options.resume_token));
  StreamHandlers shared{handlers.on_connection, handlers.on_end};
  auto stream =
      std::make_unique<MessagesStream>(impl_->link, std::move(request), std::move(handlers));
  return StartWatch(std::move(stream), std::move(shared));
}

Result<Subscription> Client::WatchDrafts(DraftsHandlers handlers, DraftsWatchOptions options) {
  if (Result<void> id = ValidateText("the conversation's id", options.conversation_id); !id)
    return id.error();
  if (Result<void> token = ValidateText("the resume token", options.resume_token); !token)
    return token.error();
  v1::WatchDraftsRequest request;
  request.set_conversation_id(std::move(options.conversation_id));
  request.set_resume_token(std::move(options.resume_token));
  StreamHandlers shared{handlers.on_connection, handlers.on_end};
  auto stream =
      std::make_unique<DraftsStream>(impl_->link, std::move(request), std::move(handlers));
  return StartWatch(std::move(stream), std::move(shared));
}

}  // namespace hark::client
