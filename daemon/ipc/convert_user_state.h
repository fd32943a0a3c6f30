// Drafts and view states, model to proto and back. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_USER_STATE_H_
#define HARK_DAEMON_IPC_CONVERT_USER_STATE_H_

#include "hark/v1/drafts.pb.h"
#include "hark/v1/view_states.pb.h"

#include "daemon/model/user_state.h"

namespace hark::ipc {

// `out` must be empty.
void ToProto(const Draft& draft, v1::Draft* out);
void ToProto(const ShownViewState& shown, v1::ViewState* out);

// Takes the texts out of the request.
[[nodiscard]] ViewState ViewStateFrom(v1::SetViewStateRequest& request);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_USER_STATE_H_
