// What rows of cache.db look like in a damaged file: whether a record is a conversation, a message,
// a gap, and the value it holds.

#ifndef HARK_DAEMON_STORE_SALVAGE_ROWS_H_
#define HARK_DAEMON_STORE_SALVAGE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/gap_math.h"
#include "daemon/store/reader.h"
#include "daemon/store/salvage_scan.h"

namespace hark::store {

// Each answers nothing for a record of another shape. The order of the columns is that of
// migrations/cache; later migrations only append.

// With the row's key in the damaged file.
[[nodiscard]] std::optional<ConversationRow> AsConversation(const FoundRow& row);

// An entry of the index conversations_listed: all that is left of a conversation whose row is lost.
[[nodiscard]] std::optional<ConversationRow> AsListedConversation(const FoundRow& row);

struct SalvagedGap {
  std::int64_t conversation = 0;  // Key.
  GapRange range;
};
[[nodiscard]] std::optional<SalvagedGap> AsGap(const FoundRow& row);

struct CacheInfo {
  std::string store_id;
  bool initial_sync_done = false;
};
[[nodiscard]] std::optional<CacheInfo> AsCacheInfo(const FoundRow& row);

[[nodiscard]] bool IsMessage(const FoundRow& row);
// Key of its conversation.
[[nodiscard]] std::int64_t ConversationKeyOf(const FoundRow& message);
// Decoded by the same code that reads the table: `any` is some open connection. Nothing: its values
// are not those of a message.
[[nodiscard]] std::optional<Message> AsMessage(const FoundRow& row, const ConversationId& id,
                                               Connection& any);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SALVAGE_ROWS_H_
