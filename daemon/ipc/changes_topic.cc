#include "daemon/ipc/changes_topic.h"

#include <optional>
#include <utility>
#include <variant>

#include "hark/v1/changes.pb.h"

#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/message_page.h"
#include "daemon/ipc/topic_event.h"

namespace hark::ipc {
namespace {

// Tags and lengths of an id in a delta, and its place in the queue.
constexpr std::size_t kFixedBytesPerId = 16;

}  // namespace

ChangesTopic::ChangesTopic(std::string store_id, std::uint32_t snapshot_size)
    : store_id_(std::move(store_id)), snapshot_size_(snapshot_size) {}

Result<void> ChangesTopic::Check(store::Reader&) const {
  return {};
}

Result<WatchTopic::Snapshot> ChangesTopic::Read(store::Reader& reader) const {
  return ReadListSnapshot<v1::WatchChangesResponse>(reader, store_id_, snapshot_size_);
}

std::size_t ChangesTopic::Weight(const Commit& commit) const {
  std::size_t bytes = 0;
  for (const Message& message : commit.messages) bytes += EncodedSizeBound(message);
  for (const Conversation& conversation : commit.conversations) {
    bytes += EncodedSizeBound(conversation);
  }
  for (const RemovedMessage& removed : commit.removed) {
    bytes +=
        kFixedBytesPerId + removed.conversation.value().size() + removed.message.value().size();
  }
  for (const ConversationId& id : commit.gaps_changed)
    bytes += kFixedBytesPerId + id.value().size();
  return bytes;
}

std::shared_ptr<const Commit> ChangesTopic::Part(std::shared_ptr<const Commit> commit) const {
  return commit;
}

// The snapshot shows no messages; that a gap changed is told.
bool ChangesTopic::ChangesGap(const Commit&) const {
  return false;
}

bool ChangesTopic::Wants(const bus::Ephemeral&) const {
  return true;
}

store::ChangesQuery ChangesTopic::Changes(LocalRevision since) const {
  return {since, std::nullopt, true};
}

WatchTopic::Event ChangesTopic::Resumed(LocalRevision revision) const {
  auto event = NewEvent<v1::WatchChangesResponse>(store_id_, {revision, revision});
  event->mutable_resumed();
  return event;
}

WatchTopic::Event ChangesTopic::Delta(const Commit& commit, const StreamPlace& place) const {
  auto event = NewEvent<v1::WatchChangesResponse>(store_id_, place);
  auto* delta = event->mutable_delta();
  for (const Conversation& conversation : commit.conversations) {
    ToProto(conversation, delta->add_conversations());
  }
  for (const Message& message : commit.messages) ToProto(message, delta->add_messages());
  for (const RemovedMessage& removed : commit.removed) {
    auto* out = delta->add_removed();
    out->set_conversation_id(removed.conversation.value());
    out->set_message_id(removed.message.value());
  }
  for (const ConversationId& id : commit.gaps_changed) delta->add_gaps_changed(id.value());
  return event;
}

WatchTopic::Event ChangesTopic::Passing(const bus::Ephemeral& ephemeral,
                                        const StreamPlace& place) const {
  auto event = NewEvent<v1::WatchChangesResponse>(store_id_, place);
  if (const auto* partial = std::get_if<bus::PartialMessage>(&ephemeral)) {
    auto* out = event->mutable_partial();
    out->set_conversation_id(partial->conversation.value());
    out->set_message_id(partial->message.value());
    out->set_role(ToProto(partial->role));
    out->set_text(partial->text);
  } else {
    const auto& typing = std::get<bus::Typing>(ephemeral);
    auto* out = event->mutable_typing();
    out->set_conversation_id(typing.conversation.value());
    out->set_role(ToProto(typing.role));
    out->set_active(typing.active);
  }
  return event;
}

}  // namespace hark::ipc
