// What the user did and the backend has not acknowledged. Lives in authored.db; removed only once
// its effect is in cache.db.

#ifndef HARK_DAEMON_MODEL_OUTBOX_H_
#define HARK_DAEMON_MODEL_OUTBOX_H_

#include <cstdint>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"

namespace hark {

// Stored as numbers: never renumber.
enum class OutboxKind : std::uint8_t { kSend = 1, kMarkRead = 2, kEdit = 3, kDelete = 4 };

struct OutboxEntry {
  // Submit order over all conversations; unique, rising, never used twice.
  std::uint64_t position = 0;
  OutboxKind kind = OutboxKind::kSend;
  ConversationId conversation;
  MessageId message;                // All but kMarkRead.
  Sequence read_sequence = 0;       // kMarkRead.
  std::uint64_t base_revision = 0;  // kEdit: the revision that it changes. 0 while the message's
                                    // own send is in the outbox; the edit waits for that.
  Delivery delivery = Delivery::kQueued;  // kQueued, kSending, kUnknown, kFailed or kExpired.
  bool skipped = false;                   // A kFailed send that later ones need not wait for.
  WallTime submitted_at{};                // When the user did it, or last retried it.

  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_OUTBOX_H_
