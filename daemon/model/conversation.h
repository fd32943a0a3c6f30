// Conversations: what the backend says of one, what a list shows of one, and what is missing of
// one.

#ifndef HARK_DAEMON_MODEL_CONVERSATION_H_
#define HARK_DAEMON_MODEL_CONVERSATION_H_

#include <cstdint>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"

namespace hark {

// A conversation as the backend summarises it.
struct ConversationSummary {
  ConversationId id;
  std::string title;
  Sequence last_sequence = 0;
  std::uint64_t message_count = 0;  // Not deleted.
  Sequence read_sequence = 0;
  std::uint64_t unread_count = 0;
  WallTime last_activity_at{};
  std::string preview;

  friend bool operator==(const ConversationSummary&, const ConversationSummary&) = default;
};

// A conversation as a list shows it: the summary merged with what was done here and is not
// delivered yet.
struct Conversation {
  ConversationId id;
  std::string title;
  WallTime last_activity_at{};  // Pending messages included.
  std::string preview;          // Of the newest message, pending ones included.
  std::uint64_t unread_count = 0;
  Sequence read_sequence = 0;
  Sequence last_sequence = 0;
  std::uint64_t message_count = 0;  // At the backend and pending here, not deleted.
  std::uint32_t pending_count = 0;
  std::uint32_t failed_count = 0;
  bool complete = false;   // No gap.
  bool active = false;     // Open in a UI now, or within the last hours.
  bool has_draft = false;  // As it was last written.

  friend bool operator==(const Conversation&, const Conversation&) = default;
};

// Why a range is missing. Stored as numbers: never renumber.
enum class GapReason : std::uint8_t {
  kNotFetched = 1,  // Never asked for.
  kLimited = 2,     // A change told of it without its content.
  kEvicted = 3,     // Removed here by retention.
};

// A range of sequences, both included, that exists at the backend and not here.
struct Gap {
  ConversationId conversation;
  Sequence from = 0;
  Sequence to = 0;
  GapReason reason = GapReason::kNotFetched;

  friend bool operator==(const Gap&, const Gap&) = default;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_CONVERSATION_H_
