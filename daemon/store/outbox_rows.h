// The table outbox of authored.db: what the backend has not acknowledged. Here is what all kinds
// have in common; send_rows.h, change_rows.h and marker_rows.h have what is of one kind.

#ifndef HARK_DAEMON_STORE_OUTBOX_ROWS_H_
#define HARK_DAEMON_STORE_OUTBOX_ROWS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/model/outbox.h"
#include "daemon/store/connection.h"
#include "daemon/store/reader.h"

namespace hark::store {

// An entry as it is stored: `entry.delivery` is kQueued, kFailed or kExpired; in_flight.h says what
// is shown.
struct OutboxRow {
  OutboxEntry entry;
  bool attempted = false;  // It may have left this machine.
};

// It waits for the user, and is not sent by itself.
[[nodiscard]] inline bool IsStopped(Delivery delivery) {
  return delivery == Delivery::kFailed || delivery == Delivery::kExpired;
}

[[nodiscard]] bool IsOutboxEmpty(Connection& authored);
// Takes longer the more there are.
[[nodiscard]] std::uint64_t CountOutbox(Connection& authored);
// The highest one that is there; 0: none.
[[nodiscard]] std::uint64_t NewestPosition(Connection& authored);
// Fewer than limits::kOutboxEntries.
[[nodiscard]] bool HasOutboxRoom(Connection& authored);
// All, in submit order.
[[nodiscard]] std::vector<OutboxRow> ListOutbox(Connection& authored);
// Those that wait for the user (kFailed, kExpired), of one conversation or of all, in submit order.
[[nodiscard]] std::vector<OutboxRow> ListStopped(Connection& authored,
                                                 const std::optional<ConversationId>& conversation);
// Of what `query` asks for: the first `count` above the position `after`; how many there are, which
// takes longer the more of all kinds there are; and the messages that sends are of, in no order.
[[nodiscard]] std::vector<OutboxRow> ListAsked(Connection& authored, const OutboxQuery& query,
                                               std::uint64_t after, std::uint32_t count);
[[nodiscard]] std::uint64_t CountAsked(Connection& authored, const OutboxQuery& query);
[[nodiscard]] std::vector<MessageId> SendIdsAsked(Connection& authored, const OutboxQuery& query);
[[nodiscard]] std::optional<OutboxRow> FindOutboxRow(Connection& authored, std::uint64_t position);
// Every conversation that an entry belongs to.
[[nodiscard]] std::vector<ConversationId> OutboxConversations(Connection& authored);

void DeleteOutboxRow(Connection& authored, std::uint64_t position);
// It may have left from now on; or it certainly has not.
void SetAttempted(Connection& authored, std::uint64_t position, bool attempted);
// Refused: the backend does not have it.
void FailOutboxRow(Connection& authored, std::uint64_t position, const DeliveryFailure& failure);
void ExpireOutboxRow(Connection& authored, std::uint64_t position);
// Queued again, as if it had been submitted at `at`.
void RequeueOutboxRow(Connection& authored, std::uint64_t position, WallTime at);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_OUTBOX_ROWS_H_
