// The table outbox of authored.db: what the backend has not acknowledged.

#ifndef HARK_DAEMON_STORE_OUTBOX_ROWS_H_
#define HARK_DAEMON_STORE_OUTBOX_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/model/outbox.h"
#include "daemon/store/connection.h"

namespace hark::store {

[[nodiscard]] bool IsOutboxEmpty(Connection& authored);
[[nodiscard]] std::uint64_t CountOutbox(Connection& authored);
// In submit order, after `after_position`.
[[nodiscard]] std::vector<OutboxEntry> ListOutbox(Connection& authored,
                                                  std::uint64_t after_position,
                                                  std::uint32_t limit);
// Every conversation that an entry belongs to.
[[nodiscard]] std::vector<ConversationId> OutboxConversations(Connection& authored);

// ---- Sends ----

struct PendingSend {
  std::uint64_t position = 0;
  Message message;  // kQueued or kFailed.
};

void InsertSend(Connection& authored, const Message& message);
[[nodiscard]] std::optional<PendingSend> FindSend(Connection& authored, const MessageId& id);
// True if it was there.
bool DeleteSend(Connection& authored, const MessageId& id);
void FailSendRow(Connection& authored, const MessageId& id, const DeliveryFailure& failure);

// Of one conversation, submitted before `below`, newest first, at most `limit`.
[[nodiscard]] std::vector<PendingSend> ListSendsBackward(Connection& authored,
                                                         const ConversationId& conversation,
                                                         std::uint64_t below, std::uint32_t limit);
[[nodiscard]] std::vector<MessageId> SendIdsOf(Connection& authored,
                                               const ConversationId& conversation);
// In no order.
[[nodiscard]] std::vector<MessageId> AllSendIds(Connection& authored);

struct PendingCounts {
  std::uint32_t pending = 0;
  std::uint32_t failed = 0;  // Of these.
};
[[nodiscard]] PendingCounts CountSends(Connection& authored, const ConversationId& conversation);

// When the newest one was written.
[[nodiscard]] std::optional<WallTime> NewestSendTime(Connection& authored,
                                                     const ConversationId& conversation);

// ---- Read markers: at most one a conversation ----

[[nodiscard]] std::optional<Sequence> FindMarker(Connection& authored,
                                                 const ConversationId& conversation);
// Takes a new position: what is on its way was an older marker.
void ReplaceMarker(Connection& authored, const ConversationId& conversation,
                   Sequence read_sequence);
// If it is at most `up_to`. True if it was there.
bool DeleteMarker(Connection& authored, const ConversationId& conversation, Sequence up_to);
[[nodiscard]] std::vector<std::pair<ConversationId, Sequence>> AllMarkers(Connection& authored);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_OUTBOX_ROWS_H_
