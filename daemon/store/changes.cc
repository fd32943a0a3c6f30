#include "daemon/store/changes.h"

#include <utility>

#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

constexpr char kAllConversations[] = "SELECT id FROM conversations";

}  // namespace

void Changes::Note(Message message) {
  const auto [entry, inserted] = messages.try_emplace(message.id);
  if (inserted) order.push_back(message.id);
  entry->second = std::move(message);
}

void Changes::NoteById(const MessageId& id) {
  const auto [entry, inserted] = messages.try_emplace(id);
  if (inserted) order.push_back(id);
  entry->second.reset();
}

void Changes::NoteRemoved(const ConversationId& conversation, const MessageId& id) {
  NoteById(id);
  removed.insert_or_assign(id, conversation);
}

void Changes::Merge(Changes other) {
  if (order.empty()) {
    order = std::move(other.order);
    messages = std::move(other.messages);
  } else {
    for (MessageId& id : other.order) {
      std::optional<Message>& message = other.messages[id];
      const auto [entry, inserted] = messages.try_emplace(id);
      if (inserted) order.push_back(id);
      entry->second = std::move(message);
    }
  }
  conversations.merge(other.conversations);
  gaps.merge(other.gaps);
  outbox.merge(other.outbox);
  removed.merge(other.removed);
  sends_removed = sends_removed || other.sends_removed;
  any = any || other.any;
}

void NoteEverything(Connection& cache, Connection& authored, Changes& changes) {
  for (const OutboxRow& row : ListOutbox(authored)) changes.NoteOutbox(row.entry.position);
  Query query(cache.statements(), kAllConversations);
  while (query.Next()) {
    const ConversationId id(query.GetText(0));
    changes.NoteConversation(id);
    changes.gaps.insert(id);
  }
  changes.any = true;
}

}  // namespace hark::store
