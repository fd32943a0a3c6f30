#include "daemon/ipc/convert_user_state.h"

#include <utility>

#include "daemon/ipc/convert_time.h"

namespace hark::ipc {

void ToProto(const Draft& draft, v1::Draft* out) {
  out->set_conversation_id(draft.conversation.value());
  out->set_text(draft.text);
  out->set_version(draft.version);
  if (draft.version > 0) ToProto(draft.changed_at, out->mutable_changed_at());
}

void ToProto(const ShownViewState& shown, v1::ViewState* out) {
  out->set_message_id(shown.message.value());
  out->set_offset(shown.state.offset);
  out->set_at_bottom(shown.state.at_bottom);
  out->set_nearest(shown.nearest);
  out->set_set_message_id(shown.state.message.value());
  ToProto(shown.state.set_at, out->mutable_set_at());
}

ViewState ViewStateFrom(v1::SetViewStateRequest& request) {
  ViewState state;
  state.conversation = ConversationId(std::move(*request.mutable_conversation_id()));
  state.ui = std::move(*request.mutable_ui());
  state.message = MessageId(std::move(*request.mutable_message_id()));
  state.offset = request.offset();
  state.at_bottom = request.at_bottom();
  return state;
}

}  // namespace hark::ipc
