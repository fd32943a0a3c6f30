// What one commit of the store changed: the unit in which changes are announced (guarantee G6).

#ifndef HARK_DAEMON_MODEL_COMMIT_H_
#define HARK_DAEMON_MODEL_COMMIT_H_

#include <cstdint>
#include <vector>

#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/outbox.h"
#include "daemon/model/shared_messages.h"

namespace hark {

// A message that is no longer part of its conversation here: cancelled before it was sent.
struct RemovedMessage {
  ConversationId conversation;
  MessageId message;

  friend bool operator==(const RemovedMessage&, const RemovedMessage&) = default;
};

// Immutable once made; shared by every stream that delivers it. Each item is its state right after
// the commit, merged as the Reader would show it.
struct Commit {
  LocalRevision revision = 0;
  SharedMessages messages;
  std::vector<RemovedMessage> removed;
  std::vector<Conversation> conversations;
  // Conversations whose gaps changed: a page that ended at one may now go on.
  std::vector<ConversationId> gaps_changed;
  // Entries of the outbox that are new or different, in submit order, and the positions of those
  // that are gone.
  std::vector<OutboxEntry> outbox;
  std::vector<std::uint64_t> outbox_removed;
  // Watchers take a snapshot: the cache was cleared, or an error left something that can only be
  // told as a whole.
  bool read_again = false;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_COMMIT_H_
