#include "client-sdk/src/convert_user_state.h"

#include "client-sdk/src/convert.h"

namespace hark::client {

Draft FromProto(const v1::Draft& from) {
  Draft to;
  to.conversation_id = from.conversation_id();
  to.text = from.text();
  to.version = from.version();
  if (from.has_changed_at()) to.changed_at = FromProto(from.changed_at());
  return to;
}

ViewState FromProto(const v1::ViewState& from) {
  ViewState to;
  to.message_id = from.message_id();
  to.offset = from.offset();
  to.at_bottom = from.at_bottom();
  to.nearest = from.nearest();
  to.set_message_id = from.set_message_id();
  if (from.has_set_at()) to.set_at = FromProto(from.set_at());
  return to;
}

DraftsSnapshot FromProto(const v1::WatchDraftsResponse::Snapshot& from) {
  DraftsSnapshot to;
  for (const v1::Draft& draft : from.drafts()) to.drafts.push_back(FromProto(draft));
  return to;
}

DraftsDelta FromProto(const v1::WatchDraftsResponse::Delta& from) {
  DraftsDelta to;
  for (const v1::Draft& draft : from.changed()) to.changed.push_back(FromProto(draft));
  return to;
}

}  // namespace hark::client
