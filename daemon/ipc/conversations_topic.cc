#include "daemon/ipc/conversations_topic.h"

#include <optional>
#include <utility>

#include "hark/v1/conversations.pb.h"

#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {
namespace {

std::unique_ptr<v1::WatchConversationsResponse> NewEvent(const std::string& store_id,
                                                         const StreamPlace& place) {
  auto event = std::make_unique<v1::WatchConversationsResponse>();
  event->set_revision(place.revision);
  event->set_resume_token(ResumeToken(store_id, place.resume));
  return event;
}

}  // namespace

ConversationsTopic::ConversationsTopic(std::string store_id, std::uint32_t snapshot_size)
    : store_id_(std::move(store_id)), snapshot_size_(snapshot_size) {}

Result<void> ConversationsTopic::Check(store::Reader&) const {
  return {};
}

Result<WatchTopic::Snapshot> ConversationsTopic::Read(store::Reader& reader) const {
  store::ConversationQuery query;
  query.limit = snapshot_size_;
  const Result<store::ConversationPage> page = reader.ListConversations(query);
  if (!page) return tl::unexpected(page.error());
  auto event = NewEvent(store_id_, {page->revision, page->revision});
  auto* snapshot = event->mutable_snapshot();
  for (const Conversation& conversation : page->conversations) {
    ToProto(conversation, snapshot->add_conversations());
  }
  snapshot->set_total_count(page->total_count);
  return Snapshot{std::move(event), page->revision, false};
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
  auto event = NewEvent(store_id_, {revision, revision});
  event->mutable_resumed();
  return event;
}

WatchTopic::Event ConversationsTopic::Delta(const Commit& commit, const StreamPlace& place) const {
  auto event = NewEvent(store_id_, place);
  auto* delta = event->mutable_delta();
  for (const Conversation& conversation : commit.conversations) {
    ToProto(conversation, delta->add_upserted());
  }
  return event;
}

WatchTopic::Event ConversationsTopic::Passing(const bus::Ephemeral&,
                                              const StreamPlace& place) const {
  return NewEvent(store_id_, place);
}

}  // namespace hark::ipc
