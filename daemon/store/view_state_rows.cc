#include "daemon/store/view_state_rows.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "daemon/store/columns.h"
#include "daemon/store/conversation_rows.h"

namespace hark::store {
namespace {

constexpr char kWrite[] =
    "INSERT INTO view_states (conversation, ui, message_id, sequence, position, at_bottom, set_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, ui) DO UPDATE SET"
    " message_id = excluded.message_id, sequence = excluded.sequence,"
    " position = excluded.position, at_bottom = excluded.at_bottom, set_at = excluded.set_at";
constexpr char kFind[] =
    "SELECT message_id, sequence, position, at_bottom, set_at FROM view_states"
    " WHERE conversation = ? AND ui = ?";
constexpr char kForget[] =
    "DELETE FROM view_states WHERE (set_at, conversation, ui) <="
    " (SELECT set_at, conversation, ui FROM view_states"
    " ORDER BY set_at DESC, conversation DESC, ui DESC LIMIT 1 OFFSET ?)";
constexpr char kFrom[] =
    "SELECT sequence, id FROM messages WHERE conversation = ? AND sequence >= ?"
    " ORDER BY sequence, key LIMIT 1";
constexpr char kBefore[] =
    "SELECT sequence, id FROM messages WHERE conversation = ? AND sequence < ?"
    " ORDER BY sequence DESC, key DESC LIMIT 1";

struct Neighbour {
  Sequence sequence = 0;
  MessageId id;
};

std::optional<Neighbour> Look(Connection& cache, const char* sql, std::int64_t conversation,
                              Sequence sequence) {
  Query query(cache.statements(), sql);
  query.Int(conversation).Uint(sequence);
  if (!query.Next()) return std::nullopt;
  return Neighbour{query.GetUint(0), MessageId(GetId(query, 1))};
}

// By place; of two that are as near, the later one. What waits to be sent comes after everything
// else.
MessageId NearestTo(const MergedView& view, const ViewState& state) {
  if (const auto row = FindConversation(view.cache, state.conversation)) {
    const auto after = Look(view.cache, kFrom, row->key, state.sequence);
    const auto before = Look(view.cache, kBefore, row->key, state.sequence);
    if (after && before) {
      const bool is_after_near =
          after->sequence - state.sequence <= state.sequence - before->sequence;
      return is_after_near ? after->id : before->id;
    }
    if (after) return after->id;
    if (before) return before->id;
  }
  const auto pending =
      ListPending(view, state.conversation, std::numeric_limits<std::int64_t>::max(), 1);
  return pending.empty() ? MessageId() : pending.front().message.id;
}

}  // namespace

void WriteViewState(Connection& authored, const ViewState& state) {
  Query query(authored.statements(), kWrite);
  query.Text(state.conversation.value()).Text(state.ui);
  if (state.message.empty()) {
    query.Null();
  } else {
    BindId(query, state.message.value());
  }
  query.Uint(state.sequence).Int(state.offset).Bool(state.at_bottom);
  BindTime(query, state.set_at);
  query.Run();
}

std::optional<ViewState> FindViewState(Connection& authored, const ConversationId& conversation,
                                       const std::string& ui) {
  Query query(authored.statements(), kFind);
  query.Text(conversation.value()).Text(ui);
  if (!query.Next()) return std::nullopt;
  ViewState state;
  state.conversation = conversation;
  state.ui = ui;
  if (!query.IsNull(0)) state.message = MessageId(GetId(query, 0));
  state.sequence = query.GetUint(1);
  state.offset = query.GetInt(2);
  state.at_bottom = query.GetBool(3);
  state.set_at = GetTime(query, 4);
  return state;
}

void ForgetViewStates(Connection& authored, std::size_t count) {
  Query(authored.statements(), kForget).Uint(count).Run();
}

ShownViewState ShowViewState(const MergedView& view, ViewState state) {
  ShownViewState shown;
  if (!state.message.empty()) {
    const auto message = FindMerged(view, state.message);
    shown.nearest = !message || message->conversation != state.conversation;
    shown.message = shown.nearest ? NearestTo(view, state) : state.message;
  }
  shown.state = std::move(state);
  return shown;
}

}  // namespace hark::store
