#ifndef HARK_TOOLS_BACKEND_STORE_H_
#define HARK_TOOLS_BACKEND_STORE_H_

// What the backend knows of its users' conversations, without a word about where it is kept. Every
// write is on disk when it returns, and has its place in the user's change log in the same
// transaction. Calls block for as long as the disk takes; that is acceptable here, since one thread
// serves a handful of devices.
//
// A user who has nothing yet is a user with no conversations: no call creates or requires anything
// first. What a repetition of a write means is said at each write; the writes check what only the
// store can know (existence, revisions, repetitions), the session has checked the values
// themselves.

#include <cstdint>
#include <string>
#include <vector>

#include "tools/backend/result.h"
#include "tools/backend/types.h"

namespace hark::backend {

class Store {
 public:
  virtual ~Store() = default;

  // The change log. `ReadLog` gives at most `limit` entries after `after`, in order of position.
  virtual Result<LogState> GetLog(const UserId& user) = 0;
  virtual Result<std::vector<LogEntry>> ReadLog(const UserId& user, std::uint64_t after,
                                                std::size_t limit) = 0;

  // Reading.
  virtual Result<ListPage> ListConversations(const UserId& user, const std::string& page_token,
                                             std::uint32_t page_size) = 0;
  virtual Result<Conversation> GetConversation(const UserId& user,
                                               const std::string& conversation_id) = 0;
  virtual Result<Message> GetMessage(const UserId& user, const std::string& conversation_id,
                                     std::uint64_t sequence) = 0;
  virtual Result<HistoryPage> ReadHistory(const UserId& user, const HistoryQuery& query) = 0;
  virtual Result<VisiblePage> ReadVisible(const UserId& user, const VisibleQuery& query) = 0;

  // Appends `message` as the newest of its conversation. The same id with the same conversation and
  // content was appended before: the same answer as then (revision 1), nothing stored. With another
  // conversation or content: kConflict.
  virtual Result<Applied> Append(const UserId& user, const Message& message) = 0;

  // kConflict unless `base_revision` is the present one. An edit that is already there (one
  // revision on, the same content) is a repetition whose answer was lost: answered again.
  virtual Result<Applied> Edit(const UserId& user, const EditRequest& request) = 0;

  // As Edit; what is deleted stays deleted and is acknowledged.
  virtual Result<Applied> Delete(const UserId& user, const DeleteRequest& request) = 0;

  // Moves the marker forward to `read_sequence`, at most to the newest message. False if it was
  // there already.
  virtual Result<bool> MarkRead(const UserId& user, const std::string& conversation_id,
                                std::uint64_t read_sequence) = 0;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_STORE_H_
