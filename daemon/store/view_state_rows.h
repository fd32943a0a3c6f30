// The table view_states of authored.db, and what can be shown of a row of it.

#ifndef HARK_DAEMON_STORE_VIEW_STATE_ROWS_H_
#define HARK_DAEMON_STORE_VIEW_STATE_ROWS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/model/user_state.h"
#include "daemon/store/connection.h"
#include "daemon/store/merged_view.h"

namespace hark::store {

// Of the same conversation and UI it is replaced.
void WriteViewState(Connection& authored, const ViewState& state);
[[nodiscard]] std::optional<ViewState> FindViewState(Connection& authored,
                                                     const ConversationId& conversation,
                                                     const std::string& ui);
// All but the `count` that were set last.
void ForgetViewStates(Connection& authored, std::size_t count);

[[nodiscard]] ShownViewState ShowViewState(const MergedView& view, ViewState state);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_VIEW_STATE_ROWS_H_
