// The table opened of authored.db: when a UI last had a conversation open.

#ifndef HARK_DAEMON_STORE_OPENED_ROWS_H_
#define HARK_DAEMON_STORE_OPENED_ROWS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/store/connection.h"

namespace hark::store {

void WriteOpened(Connection& authored, const ConversationId& conversation, WallTime at);
[[nodiscard]] std::optional<WallTime> ReadOpened(Connection& authored,
                                                 const ConversationId& conversation);
// Most recently opened first.
[[nodiscard]] std::vector<ConversationId> ListOpenedSince(Connection& authored, WallTime since,
                                                          std::uint32_t limit);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_OPENED_ROWS_H_
