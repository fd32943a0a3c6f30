#include "daemon/ipc/convert_conversation.h"

#include "daemon/ipc/convert_time.h"

namespace hark::ipc {

void ToProto(const Conversation& conversation, v1::Conversation* out) {
  out->set_id(conversation.id.value());
  out->set_title(conversation.title);
  ToProto(conversation.last_activity_at, out->mutable_last_activity_at());
  out->set_preview(conversation.preview);
  out->set_unread_count(conversation.unread_count);
  out->set_read_sequence(conversation.read_sequence);
  out->set_last_sequence(conversation.last_sequence);
  out->set_message_count(conversation.message_count);
  out->set_pending_count(conversation.pending_count);
  out->set_failed_count(conversation.failed_count);
  out->set_sync_state(conversation.complete ? v1::Conversation::SYNC_STATE_COMPLETE
                                            : v1::Conversation::SYNC_STATE_PARTIAL);
  out->set_active(conversation.active);
  out->set_has_draft(conversation.has_draft);
}

std::size_t EncodedSizeBound(const Conversation& conversation) {
  constexpr std::size_t kNumbersAndTags = 160;
  return kNumbersAndTags + conversation.id.value().size() + conversation.title.size() +
         conversation.preview.size();
}

}  // namespace hark::ipc
