// The notes of what jobs changed, from which the commit's announcement is made.

#ifndef HARK_DAEMON_STORE_CHANGES_H_
#define HARK_DAEMON_STORE_CHANGES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"

namespace hark::store {

// What jobs changed, each thing once, in the order of the first change. A sync notes some 100,000
// messages in a row, so that a message is moved and never copied.
class Changes {
 public:
  // One message: as it is in the cache now, or to be read when the commit is made.
  struct Noted {
    explicit Noted(MessageId message_id) : only_id(std::move(message_id)) {}
    explicit Noted(Message now) : message(std::move(now)) {}

    [[nodiscard]] const MessageId& id() const { return message ? message->id : only_id; }

    MessageId only_id;
    std::optional<Message> message;
  };

  Changes() = default;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  Changes(Changes&&) = default;
  Changes& operator=(Changes&&) = default;

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

  // Something of the outbox is done, since the cache has it.
  [[nodiscard]] bool settles() const { return sends_settled || changes_settled; }

  // In the order of their first change.
  [[nodiscard]] std::deque<Noted>& messages() { return messages_; }

  std::set<ConversationId> conversations;
  std::set<ConversationId> gaps;
  std::set<std::uint64_t> outbox;
  std::map<MessageId, ConversationId> removed;
  bool sends_settled = false;    // They are in the cache, and hidden in authored.db.
  bool changes_settled = false;  // The same of edits and deletions, whose rows are removed at once:
                                 // the cache has to be durable first.
  bool any = false;              // Something is different, visible or not.

 private:
  void Put(Noted noted);

  std::deque<Noted> messages_;
  // Into `messages_`, whose elements stay where they are.
  std::unordered_map<std::string_view, Noted*> by_id_;
};

// For when it is not known what those who watch were told of: every conversation as one whose gaps
// may have changed, which makes them read it again, and the whole outbox.
void NoteEverything(Connection& cache, Connection& authored, Changes& changes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGES_H_
