// What the user did and the backend has not acknowledged. Lives in authored.db; removed only once
// its effect is in cache.db.

#ifndef HARK_DAEMON_MODEL_OUTBOX_H_
#define HARK_DAEMON_MODEL_OUTBOX_H_

#include <cstdint>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"

namespace hark {

// Stored as numbers: never renumber.
enum class OutboxKind : std::uint8_t { kSend = 1, kMarkRead = 2 };

struct OutboxEntry {
  // Submit order over all conversations; unique, rising.
  std::uint64_t position = 0;
  OutboxKind kind = OutboxKind::kSend;
  ConversationId conversation;
  MessageId message;           // kSend.
  Sequence read_sequence = 0;  // kMarkRead.
  Delivery delivery = Delivery::kQueued;

  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_OUTBOX_H_
