// What one commit of the store changed: the unit in which changes are announced (guarantee G6).

#ifndef HARK_DAEMON_MODEL_COMMIT_H_
#define HARK_DAEMON_MODEL_COMMIT_H_

#include <cstdint>
#include <vector>

#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"

namespace hark {

// Immutable once made; shared by every stream that delivers it. Each item is its state right after
// the commit, merged as the Reader would show it.
struct Commit {
  LocalRevision revision = 0;
  std::vector<Message> messages;
  std::vector<Conversation> conversations;
  // Conversations whose gaps changed: a page that ended at one may now go on.
  std::vector<ConversationId> gaps_changed;
  // The outbox has a new entry or lost one: the sync engine looks at it again.
  bool outbox_changed = false;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_COMMIT_H_
