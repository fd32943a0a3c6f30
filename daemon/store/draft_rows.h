// The table drafts of authored.db.

#ifndef HARK_DAEMON_STORE_DRAFT_ROWS_H_
#define HARK_DAEMON_STORE_DRAFT_ROWS_H_

#include <cstddef>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/user_state.h"
#include "daemon/store/connection.h"

namespace hark::store {

// Unless the row there is newer.
void WriteDraft(Connection& authored, const Draft& draft);
// In no order.
[[nodiscard]] std::vector<Draft> ListDraftRows(Connection& authored);
// One with a text.
[[nodiscard]] bool HasDraft(Connection& authored, const ConversationId& conversation);
// All but the `count` that were cleared last.
void ForgetClearedDrafts(Connection& authored, std::size_t count);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_DRAFT_ROWS_H_
