#include "daemon/store/job_context.h"

#include <utility>

#include "daemon/store/gap_rows.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {

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
  outbox = outbox || other.outbox;
  sends_removed = sends_removed || other.sends_removed;
  any = any || other.any;
}

JobContext::JobContext(GroupTransaction& cache, GroupTransaction& authored, SendingSet& sending,
                       const Clock& clock, bool may_overlap, bool is_rerun)
    : cache_(cache),
      authored_(authored),
      sending_(sending),
      clock_(clock),
      may_overlap_(may_overlap),
      is_rerun_(is_rerun),
      changes_before_(cache.connection().TotalChanges() + authored.connection().TotalChanges()) {}

ConversationState* JobContext::Find(const ConversationId& id) {
  const auto known = conversations_.find(id);
  if (known != conversations_.end()) return known->second.get();
  std::optional<ConversationRow> row = FindConversation(cache(), id);
  if (!row) return nullptr;
  GapSet gaps = row->gap_count > 0 ? LoadGaps(cache(), row->key) : GapSet();
  auto state = std::make_unique<ConversationState>(*std::move(row), std::move(gaps), false);
  return conversations_.emplace(id, std::move(state)).first->second.get();
}

ConversationState& JobContext::FindOrCreate(const ConversationId& id) {
  if (ConversationState* known = Find(id)) return *known;
  auto state =
      std::make_unique<ConversationState>(InsertConversation(WriteCache(), id), GapSet(), true);
  return *conversations_.emplace(id, std::move(state)).first->second;
}

void JobContext::Touch(const ConversationId& id) {
  changes_.NoteConversation(id);
  (void)Find(id);  // Its place in the list may change: Save() sees to it.
}

SendingSet& JobContext::ChangeSending() {
  if (!sending_before_) sending_before_ = sending_;
  return sending_;
}

bool JobContext::OutboxWasEmpty() {
  if (!outbox_was_empty_) outbox_was_empty_ = IsOutboxEmpty(authored());
  return *outbox_was_empty_;
}

void JobContext::Save() {
  for (const auto& [id, state] : conversations_) {
    std::optional<WallTime> newest_pending;
    if (!IsOutboxEmpty(authored())) newest_pending = NewestSendTime(authored(), id);
    state->Save(WriteCache(), newest_pending);
    if (state->changed() || is_rerun_) changes_.NoteConversation(id);
    if (state->gaps_changed() || is_rerun_) changes_.gaps.insert(id);
  }
  conversations_.clear();
}

void JobContext::Finish() {
  Save();
  const std::int64_t changes_now = cache().TotalChanges() + authored().TotalChanges();
  const bool sending_changed = sending_before_ && *sending_before_ != sending_;
  changes_.any = changes_.any || is_rerun_ || changes_now != changes_before_ || sending_changed;
}

void JobContext::UndoSending() {
  if (sending_before_) sending_ = *std::exchange(sending_before_, std::nullopt);
}

MergedView JobContext::View() {
  return {authored(), cache(), sending_, clock_.WallNow(), may_overlap_};
}

}  // namespace hark::store
