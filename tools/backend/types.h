#ifndef HARK_TOOLS_BACKEND_TYPES_H_
#define HARK_TOOLS_BACKEND_TYPES_H_

// The values that the parts of the backend hand to each other. Messages, conversations and cursors
// are the generated types of the wire protocol themselves: this program exists to speak that
// protocol, and a second set of the same structs would only add copying between them.

#include <cstdint>
#include <string>
#include <vector>

#include "hark/sync/v1/sync.pb.h"

#include "tools/backend/clock.h"

namespace hark::backend {

namespace wire = hark::sync::v1;
using wire::Conversation;
using wire::Message;

// A user's id as it is in Welcome.user_id. Not the name that people type.
using UserId = std::string;

// One user's change log: positions after `floor` up to `head` can be read.
struct LogState {
  std::string epoch;
  std::uint64_t floor = 0;
  std::uint64_t head = 0;
};

// Which item changed. The state is read when it is delivered, so a late reader gets each item once,
// as it is by then.
struct LogEntry {
  std::uint64_t position = 0;
  std::string conversation_id;
  std::uint64_t sequence = 0;  // Of the message; 0 if only the conversation changed.
};

struct ListPage {
  std::vector<Conversation> conversations;
  std::string next_page_token;
  std::uint64_t total_count = 0;
  std::uint64_t total_messages = 0;
};

struct HistoryQuery {
  enum class Anchor { kNewest, kBeforeMessage, kBeforeSequence, kAfterSequence };

  std::string conversation_id;
  Anchor anchor = Anchor::kNewest;
  std::string message_id;
  std::uint64_t sequence = 0;
  std::uint32_t page_size = 0;
};

struct HistoryPage {
  std::vector<Message> messages;  // Oldest first, tombstones included.
  std::uint64_t from_sequence = 0;
  std::uint64_t to_sequence = 0;
  bool has_more = false;
  std::uint64_t total_count = 0;
};

// For the REST endpoint: pages are counted from the newest message, or from just before
// `before_message_id`.
struct VisibleQuery {
  std::string conversation_id;
  std::string before_message_id;
  std::uint64_t page = 1;
  std::uint32_t page_size = 0;
};

struct VisiblePage {
  std::vector<Message> messages;  // Oldest first, no tombstones.
  std::uint64_t total_count = 0;
  bool has_more = false;
};

struct EditRequest {
  std::string conversation_id;
  std::string message_id;
  std::uint64_t base_revision = 0;
  std::string content;
  TimePoint edited_at{};
};

struct DeleteRequest {
  std::string conversation_id;
  std::string message_id;
  std::uint64_t base_revision = 0;  // 0: whatever is there.
};

// What became of a write. `changed` is false for a repetition, which is answered like the first
// time.
struct Applied {
  std::string message_id;
  std::uint64_t sequence = 0;
  std::uint64_t revision = 0;
  bool changed = false;
};

// The archive keeps microseconds; finer parts of a timestamp are cut off.
TimePoint FromTimestamp(const google::protobuf::Timestamp& stamp);
google::protobuf::Timestamp ToTimestamp(TimePoint time);

// Within the years 1 to 9999 and with sane nanoseconds, as google.protobuf.Timestamp demands.
bool IsValidTimestamp(const google::protobuf::Timestamp& stamp);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_TYPES_H_
