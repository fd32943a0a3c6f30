// The notes of what jobs changed, from which the commit's announcement is made.

#ifndef HARK_DAEMON_STORE_CHANGES_H_
#define HARK_DAEMON_STORE_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"

namespace hark::store {

// What jobs changed, in the order of the first change. A sync notes some 100,000 messages in a row,
// so that noting one is cheap: what was noted twice is found when the commit is made.
class Changes {
 public:
  // One message: as it is in the cache now, or to be read when the commit is made.
  struct Noted {
    [[nodiscard]] const MessageId& id() const { return message != nullptr ? message->id : only_id; }

    MessageId only_id;
    std::shared_ptr<const Message> message;
  };
  // A conversation's row as it is now, or to be read.
  using Conversations = std::map<ConversationId, std::optional<ConversationRow>>;

  Changes() = default;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  Changes(Changes&&) = default;
  Changes& operator=(Changes&&) = default;

  // `message` as it is in the cache now. It is not changed any more, unless the job runs again.
  void Note(std::shared_ptr<const Message> message) { NoteAnew({MessageId(), std::move(message)}); }
  // The same of one that nobody had: it was just inserted.
  void NoteInserted(std::shared_ptr<const Message> message) {
    messages_.push_back({MessageId(), std::move(message)});
  }
  // To be read when the commit is made.
  void NoteById(const MessageId& id) { NoteAnew({id, nullptr}); }
  // To be announced as removed if it is nowhere when the commit is made.
  void NoteRemoved(const ConversationId& conversation, const MessageId& id);
  // The entry is new, different or gone.
  void NoteOutbox(std::uint64_t position) { outbox.insert(position); }
  // What was saved of it before still holds.
  void NoteConversation(const ConversationId& id) { conversations.try_emplace(id); }
  // `row` as it was just saved.
  void NoteConversation(ConversationRow row);

  void Merge(Changes other);

  // Something of the outbox is done, since the cache has it.
  [[nodiscard]] bool settles() const { return sends_settled || changes_settled; }

  // Each message once, as it was noted last, in the order of the first notes.
  [[nodiscard]] std::vector<Noted> TakeMessages();

  Conversations conversations;
  std::set<ConversationId> gaps;
  std::set<std::uint64_t> outbox;
  std::map<MessageId, ConversationId> removed;
  bool sends_settled = false;  // Or read markers: they are in the cache, and hidden in authored.db.
  bool changes_settled = false;  // The same of edits and deletions, whose rows are removed at once:
                                 // the cache has to be durable first.
  std::int64_t missing = 0;      // AddMissing(), not written yet.
  bool missing_summed = false;   // MarkAllForRefresh(): `missing` is what changed after it.
  bool cleared = false;          // Everything else that was announced so far is gone.
  // Messages that came and are here already. They lie beside those that are noted, which keep them
  // in memory.
  std::size_t unchanged = 0;
  bool any = false;  // Something is different, visible or not.

 private:
  // Of one that may have been noted before.
  void NoteAnew(Noted noted) {
    messages_.push_back(std::move(noted));
    may_repeat_ = true;
  }

  std::vector<Noted> messages_;
  bool may_repeat_ = false;
};

// For when it is not known what those who watch were told of: every conversation as one whose gaps
// may have changed, which makes them read it again, and the whole outbox.
void NoteEverything(Connection& cache, Connection& authored, Changes& changes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGES_H_
