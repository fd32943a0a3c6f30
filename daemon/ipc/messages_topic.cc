#include "daemon/ipc/messages_topic.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "hark/v1/messages.pb.h"

#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/message_page.h"
#include "daemon/ipc/topic_event.h"

namespace hark::ipc {
namespace {

// Tag and length of an id in a delta, and its place in the queue.
constexpr std::size_t kFixedBytesPerId = 16;

}  // namespace

MessagesTopic::MessagesTopic(std::string store_id, ConversationId conversation,
                             std::uint32_t snapshot_size)
    : store_id_(std::move(store_id)),
      conversation_(std::move(conversation)),
      snapshot_size_(snapshot_size) {}

Result<void> MessagesTopic::Check(store::Reader& reader) const {
  const Result<Conversation> conversation = reader.GetConversation(conversation_);
  if (!conversation) return tl::unexpected(conversation.error());
  return {};
}

Result<WatchTopic::Snapshot> MessagesTopic::Read(store::Reader& reader) const {
  store::PageQuery query;
  query.conversation = conversation_;
  query.limit = snapshot_size_;
  // Before the page is read: what is committed in between comes after the snapshot once more.
  const LocalRevision revision = reader.CurrentRevision();
  const Result<store::MessagePage> page = reader.ReadPage(query);
  if (!page && page.error().code == ErrorCode::kNotFound) {
    // It was there when the stream began: the cache was cleared. Whatever comes back of it begins
    // behind a gap.
    auto empty = NewEvent<v1::WatchMessagesResponse>(store_id_, {revision, revision});
    empty->mutable_snapshot();
    return Snapshot{std::move(empty), revision, true};
  }
  if (!page) return tl::unexpected(page.error());
  auto event = NewEvent<v1::WatchMessagesResponse>(store_id_, {page->revision, page->revision});
  ToProto(*page, event->mutable_snapshot());
  const bool ended_at_gap = event->snapshot().has_gap_before() || event->snapshot().has_gap_after();
  return Snapshot{std::move(event), page->revision, ended_at_gap};
}

std::size_t MessagesTopic::Weight(const Commit& commit) const {
  std::size_t bytes = 0;
  for (const Message& message : commit.messages) {
    if (message.conversation == conversation_) bytes += EncodedSizeBound(message);
  }
  for (const RemovedMessage& removed : commit.removed) {
    if (removed.conversation == conversation_) {
      bytes += kFixedBytesPerId + removed.message.value().size();
    }
  }
  return bytes;
}

std::shared_ptr<const Commit> MessagesTopic::Part(std::shared_ptr<const Commit> commit) const {
  const auto is_own = [this](const auto& item) { return item.conversation == conversation_; };
  if (commit->conversations.size() <= 1 &&
      std::all_of(commit->messages.begin(), commit->messages.end(), is_own))
    return commit;
  auto part = std::make_shared<Commit>();
  part->revision = commit->revision;
  std::copy_if(commit->messages.begin(), commit->messages.end(), std::back_inserter(part->messages),
               is_own);
  std::copy_if(commit->removed.begin(), commit->removed.end(), std::back_inserter(part->removed),
               is_own);
  return part;
}

bool MessagesTopic::ChangesGap(const Commit& commit) const {
  return std::find(commit.gaps_changed.begin(), commit.gaps_changed.end(), conversation_) !=
         commit.gaps_changed.end();
}

bool MessagesTopic::Wants(const bus::Ephemeral& ephemeral) const {
  return std::visit([this](const auto& event) { return event.conversation == conversation_; },
                    ephemeral);
}

store::ChangesQuery MessagesTopic::Changes(LocalRevision since) const {
  return {since, conversation_, true};
}

WatchTopic::Event MessagesTopic::Resumed(LocalRevision revision) const {
  auto event = NewEvent<v1::WatchMessagesResponse>(store_id_, {revision, revision});
  event->mutable_resumed();
  return event;
}

WatchTopic::Event MessagesTopic::Delta(const Commit& commit, const StreamPlace& place) const {
  auto event = NewEvent<v1::WatchMessagesResponse>(store_id_, place);
  auto* delta = event->mutable_delta();
  for (const Message& message : commit.messages) {
    if (message.conversation == conversation_) ToProto(message, delta->add_upserted());
  }
  for (const RemovedMessage& removed : commit.removed) {
    if (removed.conversation == conversation_) delta->add_removed(removed.message.value());
  }
  return event;
}

WatchTopic::Event MessagesTopic::Passing(const bus::Ephemeral& ephemeral,
                                         const StreamPlace& place) const {
  auto event = NewEvent<v1::WatchMessagesResponse>(store_id_, place);
  if (const auto* partial = std::get_if<bus::PartialMessage>(&ephemeral)) {
    event->mutable_partial()->set_message_id(partial->message.value());
    event->mutable_partial()->set_role(ToProto(partial->role));
    event->mutable_partial()->set_text(partial->text);
  } else {
    const auto& typing = std::get<bus::Typing>(ephemeral);
    event->mutable_typing()->set_role(ToProto(typing.role));
    event->mutable_typing()->set_active(typing.active);
  }
  return event;
}

}  // namespace hark::ipc
