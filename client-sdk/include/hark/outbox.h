// What the user did and the backend has not acknowledged: Client::ListOutbox().
// proto/hark/v1/messages.proto is the contract, docs/sending.md tells what becomes of it.

#ifndef HARK_CLIENT_OUTBOX_H_
#define HARK_CLIENT_OUTBOX_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/types.h"

namespace hark::client {

struct ListOutboxRequest {
  // Empty: every conversation.
  std::string conversation_id;
  // Only what waits for the user: kFailed or kExpired.
  bool failed_only = false;
  // 1 to kMaxPageSize; 0 means kDefaultPageSize.
  std::uint32_t page_size = 0;
  // OutboxPage::next_page_token of the page before, with everything else unchanged.
  std::string page_token;
};

// One thing that was done. RetryMessage(), SkipMessage() and CancelMessage() take both ids, and act
// on all entries of that message.
struct OutboxEntry {
  enum class Kind { kUnknown, kSend, kEdit, kDelete };

  // Names the entry, and rises in the order of the list.
  std::uint64_t position = 0;
  Kind kind = Kind::kUnknown;
  std::string conversation_id;
  std::string message_id;
  // kQueued, kSending, kUnanswered, kFailed or kExpired.
  Delivery delivery = Delivery::kUnknown;
  // With kFailed.
  std::optional<DeliveryFailure> failure;
  // Of a send that kFailed: later messages of the conversation pass it.
  bool skipped = false;
  // When the user did it, or last retried it.
  std::optional<Time> submitted_at;
  // Of a send, and of an edit whose message is here; otherwise empty.
  std::string content_type;
  // The beginning of what a send or an edit says, at most 200 characters; empty for a deletion.
  std::string preview;
  // There is more of it than that.
  bool preview_cut = false;
  // Pages show the message. False of a change whose message the cache has lost or let go.
  bool message_is_here = false;
};

struct OutboxPage {
  // In the order in which they were submitted. Read markers are left out.
  std::vector<OutboxEntry> entries;
  // Empty when this was the last page.
  std::string next_page_token;
  // Of all pages.
  std::uint64_t total_count = 0;
  Freshness freshness;
};

// "send", "edit", "delete"; kUnknown is "unknown".
[[nodiscard]] std::string_view ToString(OutboxEntry::Kind value);

}  // namespace hark::client

#endif  // HARK_CLIENT_OUTBOX_H_
