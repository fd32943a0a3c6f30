// The watch of everything.

#include <memory>
#include <utility>

#include "hark/v1/changes.grpc.pb.h"

#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/grpc_stream.h"
#include "hark/client.h"

namespace hark::client {
namespace {

using Response = v1::WatchChangesResponse;

ChangesSnapshot FromProto(const Response::Snapshot& from) {
  ChangesSnapshot to;
  for (const v1::Conversation& conversation : from.conversations())
    to.conversations.push_back(client::FromProto(conversation));
  to.total_count = from.total_count();
  return to;
}

ChangesDelta FromProto(const Response::Delta& from) {
  ChangesDelta to;
  for (const v1::Conversation& conversation : from.conversations())
    to.conversations.push_back(client::FromProto(conversation));
  for (const v1::Message& message : from.messages())
    to.messages.push_back(client::FromProto(message));
  for (const Response::Removed& removed : from.removed())
    to.removed.push_back({removed.conversation_id(), removed.message_id()});
  to.gaps_changed.assign(from.gaps_changed().begin(), from.gaps_changed().end());
  return to;
}

class ChangesStream final : public ResumableStream<v1::Changes, v1::WatchChangesRequest, Response> {
 public:
  ChangesStream(std::shared_ptr<const Link> link, v1::WatchChangesRequest request,
                ChangesHandlers handlers)
      : ResumableStream(std::move(link), &v1::Changes::Stub::WatchChanges, std::move(request)),
        handlers_(std::move(handlers)) {}

 private:
  void Deliver(const Response& response) override {
    switch (response.event_case()) {
      case Response::kSnapshot: {
        ChangesSnapshot event = FromProto(response.snapshot());
        event.position = PositionOf(response);
        return Emit(handlers_.on_snapshot, event);
      }
      case Response::kResumed: return Emit(handlers_.on_resumed, PositionOf(response));
      case Response::kDelta: {
        ChangesDelta event = FromProto(response.delta());
        event.position = PositionOf(response);
        return Emit(handlers_.on_delta, event);
      }
      case Response::kPartial: {
        const Response::Partial& partial = response.partial();
        if (!handlers_.on_partial) return;
        return handlers_.on_partial(
            partial.conversation_id(),
            {partial.message_id(), client::FromProto(partial.role()), partial.text()});
      }
      case Response::kTyping: {
        const Response::Typing& typing = response.typing();
        if (!handlers_.on_typing) return;
        return handlers_.on_typing(typing.conversation_id(),
                                   {client::FromProto(typing.role()), typing.active()});
      }
      case Response::EVENT_NOT_SET: return;  // An event of a newer daemon.
    }
  }

  const ChangesHandlers handlers_;
};

}  // namespace

Result<Subscription> Client::WatchChanges(ChangesHandlers handlers, WatchOptions options) {
  if (Result<void> valid = ValidateWatch(options); !valid) return valid.error();
  v1::WatchChangesRequest request;
  request.set_snapshot_size(options.snapshot_size);
  request.set_resume_token(std::move(options.resume_token));
  StreamHandlers shared{handlers.on_connection, handlers.on_end};
  auto stream =
      std::make_unique<ChangesStream>(impl_->link, std::move(request), std::move(handlers));
  return StartWatch(std::move(stream), std::move(shared));
}

}  // namespace hark::client
