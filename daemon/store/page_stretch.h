// One side of a place in a conversation: what lies next to it, nearest first, up to a gap. Pages
// are put together from these.

#ifndef HARK_DAEMON_STORE_PAGE_STRETCH_H_
#define HARK_DAEMON_STORE_PAGE_STRETCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/model/conversation.h"
#include "daemon/model/message.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/message_rows.h"

namespace hark::store {

// A place in the order of a conversation: the cached messages by sequence and key, then the pending
// ones by their position in the outbox.
struct ConversationPlace {
  std::optional<std::uint64_t> pending;  // Absent: among the cached ones, at `cached`.
  PlaceBound cached;

  // Behind everything.
  [[nodiscard]] static ConversationPlace End() { return {INT64_MAX, {}}; }
};

// How much is read of one side. At least one message always fits, unless `messages` is 0.
struct StretchLimit {
  std::size_t messages = 0;
  std::size_t bytes = 0;  // By BytesOf().
};

struct PageStretch {
  std::vector<Message> messages;  // Nearest to the place first.
  bool more = false;              // Others of this side are here, and did not fit.
  // Lies behind the last of `messages`. Never together with `more`.
  std::optional<Gap> gap;
  // A gap at the end of the conversation, which the pending messages stand behind: it lies between
  // messages[i - 1] and messages[i], for i = end_gap_at.
  std::optional<Gap> end_gap;
  std::size_t end_gap_at = 0;

  // Keeps the nearest `count` messages.
  void Cut(std::size_t count);
};

// Content, metadata and pending change: all of a message that can be large.
[[nodiscard]] std::size_t BytesOf(const Message& message);

[[nodiscard]] PageStretch ReadOlder(const MergedView& view, const ConversationRow& row,
                                    const ConversationPlace& place, StretchLimit limit);
[[nodiscard]] PageStretch ReadNewer(const MergedView& view, const ConversationRow& row,
                                    const ConversationPlace& place, StretchLimit limit);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PAGE_STRETCH_H_
