#include "daemon/ipc/conversations_topic.h"

#include <optional>
#include <utility>

#include "hark/v1/conversations.pb.h"

#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/topic_event.h"

namespace hark::ipc {

ConversationsTopic::ConversationsTopic(std::string store_id, std::uint32_t snapshot_size)
    : store_id_(std::move(store_id)), snapshot_size_(snapshot_size) {}

Result<void> ConversationsTopic::Check(store::Reader&) const {
  return {};
}

Result<WatchTopic::Snapshot> ConversationsTopic::Read(store::Reader& reader) const {
  return ReadListSnapshot<v1::WatchConversationsResponse>(reader, store_id_, snapshot_size_);
}

std::size_t ConversationsTopic::Weight(const Commit& commit) const {
  std::size_t bytes = 0;
  for (const Conversation& conversation : commit.conversations) {
    bytes += EncodedSizeBound(conversation);
  }
  return bytes;
}

std::shared_ptr<const Commit> ConversationsTopic::Part(std::shared_ptr<const Commit> commit) const {
  auto part = std::make_shared<Commit>();
  part->revision = commit->revision;
  part->conversations = commit->conversations;
  return part;
}

// A list has no gaps; that a conversation is complete is part of it.
bool ConversationsTopic::ChangesGap(const Commit&) const {
  return false;
}

bool ConversationsTopic::Wants(const bus::Ephemeral&) const {
  return false;
}

store::ChangesQuery ConversationsTopic::Changes(LocalRevision since) const {
  return {since, std::nullopt, false};
}

WatchTopic::Event ConversationsTopic::Resumed(LocalRevision revision) const {
  auto event = NewEvent<v1::WatchConversationsResponse>(store_id_, {revision, revision});
  event->mutable_resumed();
  return event;
}

WatchTopic::Event ConversationsTopic::Delta(const Commit& commit, const StreamPlace& place) const {
  auto event = NewEvent<v1::WatchConversationsResponse>(store_id_, place);
  auto* delta = event->mutable_delta();
  for (const Conversation& conversation : commit.conversations) {
    ToProto(conversation, delta->add_upserted());
  }
  return event;
}

WatchTopic::Event ConversationsTopic::Passing(const bus::Ephemeral&,
                                              const StreamPlace& place) const {
  return NewEvent<v1::WatchConversationsResponse>(store_id_, place);
}

}  // namespace hark::ipc
