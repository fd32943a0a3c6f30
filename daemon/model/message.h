// One message, as the store keeps it and the local API shows it.

#ifndef HARK_DAEMON_MODEL_MESSAGE_H_
#define HARK_DAEMON_MODEL_MESSAGE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"

namespace hark {

// Stored as numbers: never renumber.
enum class Role : std::uint8_t { kUnspecified = 0, kUser = 1, kAssistant = 2, kSystem = 3 };

// Where a message written here stands on its way to the backend. Stored as numbers: never renumber.
enum class Delivery : std::uint8_t {
  kQueued = 1,     // On disk, not given to the backend.
  kSending = 2,    // Left on the present connection, not answered. Never stored.
  kSent = 3,       // At the backend.
  kFailed = 4,     // Refused for good; the conversation's later sends wait behind it.
  kUnknown = 5,    // Left on an earlier connection, never answered. Stored as kQueued with a mark.
  kExpired = 6,    // Waited too long; no longer tried by itself.
  kCancelled = 7,  // Withdrawn by the user. Only in answers.
};

// Why a message, or a change of one, is kFailed.
struct DeliveryFailure {
  std::string reason;      // A stable upper-case word of the local API: "TOO_LARGE".
  std::string message;     // A sentence for a person. Holds no content.
  bool can_retry = false;  // The same may succeed when it is tried again.
  std::chrono::milliseconds retry_after{0};  // With `can_retry`; 0: the backend did not say.

  friend bool operator==(const DeliveryFailure&, const DeliveryFailure&) = default;
};

// An edit or a deletion made here that the backend has not acknowledged.
struct PendingChange {
  enum class Kind : std::uint8_t { kEdit, kDelete };

  Kind kind = Kind::kEdit;
  // kQueued, kSending, kUnknown: the message is shown as changed. kFailed, kExpired: as the backend
  // has it.
  Delivery delivery = Delivery::kQueued;
  std::optional<DeliveryFailure> failure;  // With kFailed.
  std::string content;                     // With a kFailed or kExpired edit: the text of it.

  friend bool operator==(const PendingChange&, const PendingChange&) = default;
};

struct Message {
  MessageId id;
  ConversationId conversation;
  Role role = Role::kUnspecified;
  std::string content;       // Empty when `deleted`.
  std::string content_type;  // A media type; empty means "text/plain".
  std::map<std::string, std::string> metadata;
  WallTime created_at{};
  std::optional<WallTime> edited_at;
  Sequence sequence = 0;       // 0 until kSent.
  std::uint64_t revision = 0;  // 0 until kSent. The higher one wins.
  std::string server_id;
  bool deleted = false;  // A tombstone: keeps its place, has no content.
  Delivery delivery = Delivery::kSent;
  std::optional<DeliveryFailure> failure;
  std::optional<PendingChange> change;

  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_MESSAGE_H_
