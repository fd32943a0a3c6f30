// Drafts and view states, generated to the SDK's own values.

#ifndef HARK_CLIENT_SDK_SRC_CONVERT_USER_STATE_H_
#define HARK_CLIENT_SDK_SRC_CONVERT_USER_STATE_H_

#include "hark/v1/drafts.pb.h"
#include "hark/v1/view_states.pb.h"

#include "hark/user_state.h"
#include "hark/watch.h"

namespace hark::client {

[[nodiscard]] Draft FromProto(const v1::Draft& from);
[[nodiscard]] ViewState FromProto(const v1::ViewState& from);
// The position is the stream's.
[[nodiscard]] DraftsSnapshot FromProto(const v1::WatchDraftsResponse::Snapshot& from);
[[nodiscard]] DraftsDelta FromProto(const v1::WatchDraftsResponse::Delta& from);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CONVERT_USER_STATE_H_
