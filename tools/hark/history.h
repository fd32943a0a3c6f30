// Reading a conversation, page by page, to a number of messages or to its end: backwards, or
// forward from a message.

#ifndef HARK_TOOLS_HARK_HISTORY_H_
#define HARK_TOOLS_HARK_HISTORY_H_

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "hark/client.h"

namespace hark::cli {

struct HistoryRequest {
  std::string conversation_id;
  // Only what is older than this message; empty: from the newest.
  std::string before_message_id;
  // Only what is newer than this message, from it on.
  std::string after_message_id;
  // This message and those around it: one page.
  std::string around_message_id;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  bool cache_only = false;
  // How long to wait, in all, for messages that the daemon has to fetch.
  std::chrono::milliseconds patience{0};
};

struct History {
  // Oldest first, contiguous.
  std::vector<client::Message> messages;
  std::uint64_t total_count = 0;
  // There are older ones.
  bool has_more = false;
  // There are newer ones.
  bool has_more_after = false;
  // Reading stopped because of this.
  std::optional<client::Gap> gap;
  // Between the last message with a sequence and the pending ones; reading forward stopped because
  // of it.
  std::optional<client::Gap> gap_after;
  client::Freshness freshness;
};

[[nodiscard]] client::Result<History> ReadHistory(client::Client& client,
                                                  const HistoryRequest& request);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_HISTORY_H_
