#include "daemon/store/job_context.h"

#include <utility>

#include "daemon/store/gap_rows.h"
#include "daemon/store/marker_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"
#include "daemon/store/settled_sends.h"

namespace hark::store {

JobContext::JobContext(GroupTransaction& cache, GroupTransaction& authored, InFlight& in_flight,
                       PendingHint& pending, const Clock& clock, Earlier earlier)
    : cache_(cache),
      authored_(authored),
      in_flight_(in_flight),
      pending_(pending),
      clock_(clock),
      earlier_(earlier),
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
  ConversationState& created = Begin(id);
  SaveOne(created);
  return created;
}

void JobContext::TakeSummary(const ConversationSummary& summary, GapReason gap_reason) {
  ConversationState* known = Find(summary.id);
  ConversationState& conversation = known == nullptr ? Begin(summary.id) : *known;
  const bool was_read_here = conversation.row().read_sequence > summary.read_sequence;
  const bool marker_waits =
      was_read_here && IsAnythingPending() && FindMarker(authored(), summary.id).has_value();
  conversation.TakeSummary(cache(), summary, gap_reason, marker_waits);
  if (known == nullptr) SaveOne(conversation);
}

ConversationState& JobContext::Begin(const ConversationId& id) {
  ConversationRow row;
  row.id = id;
  auto state = std::make_unique<ConversationState>(std::move(row), GapSet(), true);
  return *conversations_.emplace(id, std::move(state)).first->second;
}

void JobContext::Touch(const ConversationId& id) {
  changes_.NoteConversation(id);
  (void)Find(id);  // Its place in the list may change: Save() sees to it.
}

InFlight& JobContext::ChangeInFlight() {
  if (!in_flight_before_) in_flight_before_ = in_flight_;
  return in_flight_;
}

void JobContext::DropOutbox(std::uint64_t position) {
  DeleteOutboxRow(WriteAuthored(), position);
  LeaveOutbox(position);
}

void JobContext::SettleSend(std::uint64_t position) {
  HideSettled(WriteAuthored(), position);
  changes_.sends_settled = true;
  LeaveOutbox(position);
}

void JobContext::TellRead(const ConversationId& conversation, Sequence up_to) {
  if (const auto old = FindMarker(authored(), conversation)) DropOutbox(old->position);
  changes_.NoteOutbox(ReplaceMarker(WriteAuthored(), conversation, up_to));
}

// Nothing in the cache tells that it was acknowledged: it has the position since the user read.
void JobContext::SettleMarker(std::uint64_t position) {
  SettleSend(position);
  ChangeInFlight().settled.insert(position);
}

void JobContext::LeaveOutbox(std::uint64_t position) {
  if (in_flight_.sending.contains(position) || in_flight_.leaving.contains(position)) {
    ChangeInFlight().Erase(position);
  }
  changes_.NoteOutbox(position);
}

bool JobContext::IsAnythingPending() {
  if (!pending_) pending_ = !IsOutboxEmpty(authored()) || HasCancelled(authored());
  return *pending_;
}

void JobContext::SaveOne(ConversationState& conversation) {
  std::optional<WallTime> newest_pending;
  if (IsAnythingPending()) newest_pending = NewestSendTime(authored(), conversation.row().id);
  conversation.Save(WriteCache(), newest_pending);
  if (conversation.TakeWentBack() && IsAnythingPending()) {
    const ConversationRow& row = conversation.row();
    const auto marker = FindMarker(authored(), row.id);
    if (marker && marker->read_sequence > row.read_sequence) TellRead(row.id, row.read_sequence);
  }
  changes_.missing += conversation.TakeMissingChange();
}

void JobContext::Save() {
  for (const auto& [id, state] : conversations_) {
    SaveOne(*state);
    if (state->changed() || is_rerun()) changes_.NoteConversation(state->row());
    if (state->gaps_changed() || is_rerun()) changes_.gaps.insert(id);
  }
  conversations_.clear();
}

void JobContext::Finish() {
  Save();
  // What of it is in authored.db already cannot be told apart.
  if (is_rerun()) {
    for (const OutboxRow& row : ListOutbox(authored())) changes_.NoteOutbox(row.entry.position);
  }
  const std::int64_t changes_now = cache().TotalChanges() + authored().TotalChanges();
  const bool moved = in_flight_before_ && *in_flight_before_ != in_flight_;
  changes_.any = changes_.any || is_rerun() || changes_now != changes_before_ || moved;
}

void JobContext::UndoInFlight() {
  if (in_flight_before_) in_flight_ = *std::exchange(in_flight_before_, std::nullopt);
}

void JobContext::NothingToTell() {
  changes_before_ = cache().TotalChanges() + authored().TotalChanges();
}

MergedView JobContext::View() {
  return {authored(), cache(), in_flight_, clock_.WallNow(), false};
}

}  // namespace hark::store
