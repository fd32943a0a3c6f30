// The conversations that are active: whose messages the backend sends as they happen. Most recently
// opened first, bounded; the store remembers them over restarts. Pure.

#ifndef HARK_DAEMON_SYNC_ACTIVE_SET_H_
#define HARK_DAEMON_SYNC_ACTIVE_SET_H_

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/model/ids.h"

namespace hark::sync {

class ActiveSet {
 public:
  ActiveSet() = default;
  explicit ActiveSet(std::vector<ConversationId> recent_first) : ids_(std::move(recent_first)) {
    if (ids_.size() > limits::kActiveConversations) ids_.resize(limits::kActiveConversations);
  }

  struct Change {
    bool added = false;
    std::optional<ConversationId> let_go;
  };

  // Puts it in front. What falls off the end is no longer active.
  Change Touch(const ConversationId& id) {
    Change change;
    change.added = std::erase(ids_, id) == 0;
    ids_.insert(ids_.begin(), id);
    if (ids_.size() > limits::kActiveConversations) {
      change.let_go = std::move(ids_.back());
      ids_.pop_back();
    }
    return change;
  }

  [[nodiscard]] bool Contains(const ConversationId& id) const {
    return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
  }
  [[nodiscard]] const std::vector<ConversationId>& ids() const { return ids_; }

 private:
  std::vector<ConversationId> ids_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_ACTIVE_SET_H_
