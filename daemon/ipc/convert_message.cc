#include "daemon/ipc/convert_message.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/ipc/convert_time.h"

namespace hark::ipc {
namespace {

v1::PendingChange::Kind ToProto(PendingChange::Kind kind) {
  switch (kind) {
    case PendingChange::Kind::kEdit: return v1::PendingChange::KIND_EDIT;
    case PendingChange::Kind::kDelete: return v1::PendingChange::KIND_DELETE;
  }
  return v1::PendingChange::KIND_UNSPECIFIED;
}

void ToProto(const PendingChange& change, v1::PendingChange* out) {
  out->set_kind(ToProto(change.kind));
  out->set_delivery(ipc::ToProto(change.delivery));
  if (change.failure) ipc::ToProto(*change.failure, out->mutable_failure());
  out->set_content(change.content);
}

v1::Gap::Reason ToProto(GapReason reason) {
  switch (reason) {
    case GapReason::kNotFetched: return v1::Gap::REASON_NOT_FETCHED;
    case GapReason::kLimited: return v1::Gap::REASON_LIMITED;
    case GapReason::kEvicted: return v1::Gap::REASON_EVICTED;
  }
  return v1::Gap::REASON_UNSPECIFIED;
}

}  // namespace

v1::DeliveryState ToProto(Delivery delivery) {
  switch (delivery) {
    case Delivery::kQueued: return v1::DELIVERY_STATE_QUEUED;
    case Delivery::kSending: return v1::DELIVERY_STATE_SENDING;
    case Delivery::kSent: return v1::DELIVERY_STATE_SENT;
    case Delivery::kFailed: return v1::DELIVERY_STATE_FAILED;
    case Delivery::kUnknown: return v1::DELIVERY_STATE_UNKNOWN;
    case Delivery::kExpired: return v1::DELIVERY_STATE_EXPIRED;
    case Delivery::kCancelled: return v1::DELIVERY_STATE_CANCELLED;
  }
  return v1::DELIVERY_STATE_UNSPECIFIED;
}

v1::Role ToProto(Role role) {
  switch (role) {
    case Role::kUnspecified: return v1::ROLE_UNSPECIFIED;
    case Role::kUser: return v1::ROLE_USER;
    case Role::kAssistant: return v1::ROLE_ASSISTANT;
    case Role::kSystem: return v1::ROLE_SYSTEM;
  }
  return v1::ROLE_UNSPECIFIED;
}

std::string_view ShownContentType(std::string_view stored) {
  return stored.empty() ? std::string_view("text/plain") : stored;
}

void ToProto(const DeliveryFailure& failure, v1::DeliveryFailure* out) {
  out->set_reason(failure.reason);
  out->set_message(failure.message);
  out->set_can_retry(failure.can_retry);
  constexpr std::int64_t kLongest = std::numeric_limits<std::uint32_t>::max();
  out->set_retry_after_ms(static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(failure.retry_after.count(), 0, kLongest)));
}

void ToProto(const Message& message, v1::Message* out) {
  out->set_id(message.id.value());
  out->set_conversation_id(message.conversation.value());
  out->set_role(ToProto(message.role));
  out->set_content(message.content);
  const std::string_view type = ShownContentType(message.content_type);
  out->set_content_type(type.data(), type.size());
  for (const auto& [name, value] : message.metadata) (*out->mutable_metadata())[name] = value;
  ToProto(message.created_at, out->mutable_created_at());
  if (message.edited_at) ToProto(*message.edited_at, out->mutable_edited_at());
  out->set_sequence(message.sequence);
  out->set_revision(message.revision);
  out->set_server_id(message.server_id);
  out->set_deleted(message.deleted);
  out->set_delivery(ToProto(message.delivery));
  if (message.failure) ToProto(*message.failure, out->mutable_failure());
  if (message.change) ToProto(*message.change, out->mutable_pending_change());
}

void ToProto(const Gap& gap, v1::Gap* out) {
  out->set_from_sequence(gap.from);
  out->set_to_sequence(gap.to);
  out->set_reason(ToProto(gap.reason));
}

sync::Draft DraftFrom(v1::SendMessageRequest& request) {
  sync::Draft draft;
  draft.conversation = ConversationId(std::move(*request.mutable_conversation_id()));
  if (!request.id().empty()) draft.id = MessageId(std::move(*request.mutable_id()));
  draft.content = std::move(*request.mutable_content());
  draft.content_type = std::move(*request.mutable_content_type());
  for (auto& [name, value] : *request.mutable_metadata()) {
    draft.metadata.emplace(name, std::move(value));
  }
  return draft;
}

}  // namespace hark::ipc
