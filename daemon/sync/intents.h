// What a local client may ask the daemon to do. The local API sees only this, so it reaches neither
// the store's writer nor the network.

#ifndef HARK_DAEMON_SYNC_INTENTS_H_
#define HARK_DAEMON_SYNC_INTENTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/model/message_action.h"

namespace hark::sync {

// What a person wrote.
struct Draft {
  ConversationId conversation;
  std::optional<MessageId> id;  // A UUID made by the client; absent: one is made here.
  std::string content;
  std::string content_type;
  std::map<std::string, std::string> metadata;
};

// Safe to call from any thread; never blocks. `done` is called exactly once, on the store's writer
// thread after the commit, or on the caller's thread when the request is refused at once. It must
// not block.
class Intents {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  Intents() = default;
  Intents(const Intents&) = delete;
  Intents& operator=(const Intents&) = delete;
  virtual ~Intents() = default;

  // Durable before `done`; delivered exactly once, whenever there is a connection.
  // kInvalidArgument: empty, too large, not UTF-8, or an id that is no UUID. Otherwise as
  // store::Writer::EnqueueSend.
  virtual void Send(Draft draft, Done<Message> done) = 0;

  // As store::Writer::Act. Also kInvalidArgument: an edit whose content is empty, too large or not
  // UTF-8.
  virtual void Act(MessageAction action, Done<Message> done) = 0;

  // As store::Writer::RetryAll.
  virtual void RetryAll(std::optional<ConversationId> conversation, Done<std::uint32_t> done) = 0;

  // Marks everything up to `up_to` (absent: everything here) as read. As store::Writer::MarkRead.
  virtual void MarkRead(ConversationId conversation, std::optional<MessageId> up_to,
                        Done<Conversation> done) = 0;

  // A UI shows the conversation: it becomes active, and what is missing of it is fetched.
  // kNotFound.
  virtual void Open(ConversationId conversation, Done<LocalRevision> done) = 0;

  // No window shows it any more; it stays active for limits::kActiveFor. kNotFound.
  virtual void Close(ConversationId conversation, Done<LocalRevision> done) = 0;

  // Fetches a gap that a page ended at, before other gaps. Nothing to wait for: the commit is
  // announced.
  virtual void Fetch(Gap gap) = 0;

  // Tries to connect at once instead of waiting for the backoff; on a live connection, checks that
  // it is.
  virtual void SyncNow() = 0;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_INTENTS_H_
