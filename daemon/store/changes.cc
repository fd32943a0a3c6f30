#include "daemon/store/changes.h"

#include <cstddef>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

constexpr char kAllConversations[] = "SELECT id FROM conversations";

}  // namespace

void Changes::NoteRemoved(const ConversationId& conversation, const MessageId& id) {
  NoteById(id);
  removed.insert_or_assign(id, conversation);
}

void Changes::NoteConversation(ConversationRow row) {
  const ConversationId id = row.id;
  conversations.insert_or_assign(id, std::move(row));
}

void Changes::Merge(Changes other) {
  if (messages_.empty()) {
    messages_.swap(other.messages_);
  } else {
    messages_.insert(messages_.end(), std::make_move_iterator(other.messages_.begin()),
                     std::make_move_iterator(other.messages_.end()));
  }
  may_repeat_ = may_repeat_ || other.may_repeat_;
  for (auto& [id, row] : other.conversations) {
    if (row) {
      conversations.insert_or_assign(id, std::move(row));
    } else {
      NoteConversation(id);
    }
  }
  gaps.merge(other.gaps);
  outbox.merge(other.outbox);
  removed.merge(other.removed);
  sends_settled = sends_settled || other.sends_settled;
  changes_settled = changes_settled || other.changes_settled;
  missing = other.missing + (other.missing_summed ? 0 : missing);
  missing_summed = missing_summed || other.missing_summed;
  cleared = cleared || other.cleared;
  unchanged += other.unchanged;
  any = any || other.any;
}

std::vector<Changes::Noted> Changes::TakeMessages() {
  if (!std::exchange(may_repeat_, false)) return std::exchange(messages_, {});
  std::vector<Noted> once;
  once.reserve(messages_.size());  // The keys look into its elements: they must stay in place.
  std::unordered_map<std::string_view, std::size_t> places(messages_.size());
  for (Noted& noted : messages_) {
    const auto known = places.find(noted.id().value());
    if (known == places.end()) {
      once.push_back(std::move(noted));
      places.emplace(once.back().id().value(), once.size() - 1);
      continue;
    }
    const std::size_t place = known->second;
    places.erase(known);
    once[place] = std::move(noted);
    places.emplace(once[place].id().value(), place);
  }
  messages_.clear();
  return once;
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
