#include "daemon/store/changes.h"

#include <utility>

#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

constexpr char kAllConversations[] = "SELECT id FROM conversations";

}  // namespace

void Changes::Note(Message message) {
  Put(Noted(std::move(message)));
}

void Changes::NoteById(const MessageId& id) {
  Put(Noted(id));
}

void Changes::NoteRemoved(const ConversationId& conversation, const MessageId& id) {
  NoteById(id);
  removed.insert_or_assign(id, conversation);
}

void Changes::Put(Noted noted) {
  const auto known = by_id_.find(noted.id().value());
  if (known == by_id_.end()) {
    Noted& added = messages_.emplace_back(std::move(noted));
    by_id_.emplace(added.id().value(), &added);
    return;
  }
  // The key looks into the id that is replaced.
  Noted* place = known->second;
  by_id_.erase(known);
  *place = std::move(noted);
  by_id_.emplace(place->id().value(), place);
}

void Changes::Merge(Changes other) {
  if (messages_.empty()) {
    messages_.swap(other.messages_);
    by_id_.swap(other.by_id_);
  } else {
    for (Noted& noted : other.messages_) Put(std::move(noted));
  }
  conversations.merge(other.conversations);
  gaps.merge(other.gaps);
  outbox.merge(other.outbox);
  removed.merge(other.removed);
  sends_settled = sends_settled || other.sends_settled;
  changes_settled = changes_settled || other.changes_settled;
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
