// What was written, edited and deleted here and is not at the backend: not in the index, or not as
// it is shown, so each is looked at itself. Usually there is none.

#ifndef HARK_DAEMON_STORE_PENDING_SEARCH_H_
#define HARK_DAEMON_STORE_PENDING_SEARCH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/search.h"
#include "daemon/store/text_matcher.h"

namespace hark::store {

struct PendingMatches {
  // The newest first. A send's key is above every row's.
  std::map<SearchPlace, Message, std::greater<>> messages;
  // Rows of the cache that are shown otherwise than they are indexed: in `messages` if they match.
  std::unordered_set<std::int64_t> changed;
};

// Of the newest limits::kSearchPending entries of the outbox; of one conversation or of all.
[[nodiscard]] PendingMatches FindPendingMatches(const MergedView& view, TextMatcher& matcher,
                                                const std::optional<ConversationId>& conversation);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PENDING_SEARCH_H_
