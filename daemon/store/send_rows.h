// The sends of the outbox: messages that are not at the backend.

#ifndef HARK_DAEMON_STORE_SEND_ROWS_H_
#define HARK_DAEMON_STORE_SEND_ROWS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"

namespace hark::store {

struct PendingSend {
  std::uint64_t position = 0;
  Message message;  // `delivery` as stored: kQueued, kFailed or kExpired.
  bool attempted = false;
  bool skipped = false;
  WallTime submitted_at{};
};

// Queued; answers its position.
std::uint64_t InsertSend(Connection& authored, const PendingSend& send);
[[nodiscard]] std::optional<PendingSend> FindSend(Connection& authored, const MessageId& id);
// Replaces the content of one that has not left.
void RewriteSend(Connection& authored, std::uint64_t position, const std::string& content);
void SkipSend(Connection& authored, std::uint64_t position);

// Of one conversation, submitted before `below`, newest first, at most `limit`.
[[nodiscard]] std::vector<PendingSend> ListSendsBackward(Connection& authored,
                                                         const ConversationId& conversation,
                                                         std::uint64_t below, std::uint32_t limit);
// The same, submitted after `above`, oldest first.
[[nodiscard]] std::vector<PendingSend> ListSendsForward(Connection& authored,
                                                        const ConversationId& conversation,
                                                        std::uint64_t above, std::uint32_t limit);
[[nodiscard]] std::vector<MessageId> SendIdsOf(Connection& authored,
                                               const ConversationId& conversation);
// In no order.
[[nodiscard]] std::vector<MessageId> AllSendIds(Connection& authored);

struct PendingCounts {
  std::uint32_t pending = 0;
  std::uint32_t failed = 0;  // Of these: kFailed or kExpired.

  friend bool operator==(const PendingCounts&, const PendingCounts&) = default;
};
// Takes longer the more there are.
[[nodiscard]] PendingCounts CountSends(Connection& authored, const ConversationId& conversation);

// The position of the newest one, and when it was written.
[[nodiscard]] std::optional<std::uint64_t> NewestSend(Connection& authored,
                                                      const ConversationId& conversation);
[[nodiscard]] std::optional<WallTime> NewestSendTime(Connection& authored,
                                                     const ConversationId& conversation);

// ---- Sends that were withdrawn (table cancelled) ----

void AddCancelled(Connection& authored, const MessageId& id, const ConversationId& conversation,
                  WallTime at);
void RemoveCancelled(Connection& authored, const MessageId& id);
[[nodiscard]] bool HasCancelled(Connection& authored);
// The conversation that it was in.
[[nodiscard]] std::optional<ConversationId> FindCancelled(Connection& authored,
                                                          const MessageId& id);

// ---- Sends whose content was edited before they left (table rewritten) ----

void AddRewritten(Connection& authored, const MessageId& id, WallTime at);
[[nodiscard]] bool IsRewritten(Connection& authored, const MessageId& id);

// Of both tables.
void ForgetIdsBefore(Connection& authored, WallTime at);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEND_ROWS_H_
