// The notes of what jobs changed, from which the commit's announcement is made.

#ifndef HARK_DAEMON_STORE_CHANGES_H_
#define HARK_DAEMON_STORE_CHANGES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"

namespace hark::store {

// What jobs changed, each thing once, in the order of the first change.
class Changes {
 public:
  // `message` as it is in the cache now.
  void Note(Message message);
  // To be read when the commit is made.
  void NoteById(const MessageId& id);
  // To be announced as removed if it is nowhere when the commit is made.
  void NoteRemoved(const ConversationId& conversation, const MessageId& id);
  // The entry is new, different or gone.
  void NoteOutbox(std::uint64_t position) { outbox.insert(position); }
  void NoteConversation(const ConversationId& id) { conversations.insert(id); }

  void Merge(Changes other);

  std::vector<MessageId> order;
  std::unordered_map<MessageId, std::optional<Message>> messages;
  std::set<ConversationId> conversations;
  std::set<ConversationId> gaps;
  std::set<std::uint64_t> outbox;
  std::map<MessageId, ConversationId> removed;
  bool sends_removed = false;  // Moved to the cache: it has to be durable there first.
  bool any = false;            // Something is different, visible or not.
};

// For when it is not known what those who watch were told of: every conversation as one whose gaps
// may have changed, which makes them read it again, and the whole outbox.
void NoteEverything(Connection& cache, Connection& authored, Changes& changes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGES_H_
