#ifndef HARK_TOOLS_BACKEND_ARCHIVE_H_
#define HARK_TOOLS_BACKEND_ARCHIVE_H_

// The long-term archive: every conversation, message, read marker and change, in one SQLite file.
// One connection, used from one thread; each write is one transaction that is synced before the
// call returns. Names are the same as in store.h, which says what the calls promise; here they also
// tell what the working memory has to know.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/account_rows.h"
#include "tools/backend/clock.h"
#include "tools/backend/conversation_rows.h"
#include "tools/backend/message_rows.h"
#include "tools/backend/result.h"
#include "tools/backend/types.h"

namespace hark::backend {

// A write, and the message's new state for the working memory if it changed.
struct Written {
  Applied applied;
  std::optional<MessageRow> row;
};

class Archive {
 public:
  // `clock` outlives the archive.
  static Result<std::unique_ptr<Archive>> Open(const std::string& path, const Clock& clock,
                                               std::uint64_t change_log_limit);

  Result<LogState> GetLog(const UserId& user);
  Result<std::vector<LogEntry>> ReadLog(const UserId& user, std::uint64_t after, std::size_t limit);

  Result<ListPage> ListConversations(const UserId& user, const std::string& page_token,
                                     std::uint32_t page_size);
  // kNotFound if the user has no such conversation.
  Result<ConversationRow> FindConversation(const UserId& user, const std::string& id);
  // kNotFound if the conversation has no such message.
  Result<std::uint64_t> SequenceOf(const UserId& user, ConversationKey conversation,
                                   const std::string& message_id);
  Result<std::vector<Message>> ReadRange(ConversationKey conversation, std::uint64_t from,
                                         std::uint64_t to);
  Result<std::uint64_t> NthVisibleBefore(ConversationKey conversation, std::uint64_t before,
                                         std::uint64_t skip);
  Result<void> ForEachAcceptedAfter(TimePoint cutoff, const std::function<void(MessageRow)>& visit);

  Result<Written> Append(const UserId& user, const Message& message);
  Result<Written> Edit(const UserId& user, const EditRequest& request);
  Result<Written> Delete(const UserId& user, const DeleteRequest& request);
  Result<bool> MarkRead(const UserId& user, const std::string& conversation_id,
                        std::uint64_t read_sequence);
  Result<void> CreateConversation(const UserId& user, const std::string& id,
                                  const std::string& title);

 private:
  friend class ArchiveImport;

  Archive(std::unique_ptr<SQLite::Database> database, const Clock& clock,
          std::uint64_t change_log_limit);

  // What an edit and a deletion have in common. `change`: Result<bool>(AccountKey,
  // ConversationRow&, MessageRow&) makes the message what it is asked to be; false: it was so
  // already.
  template <typename Request, typename Change>
  Result<Written> ChangeMessage(const UserId& user, const Request& request, const Change& change);
  void SaveChangedMessage(AccountKey account, ConversationRow& conversation, MessageRow& row);
  // The preview of a conversation is of its newest message that is not deleted.
  void RefreshPreview(ConversationRow& conversation);

  std::unique_ptr<SQLite::Database> database_;
  const Clock& clock_;
  AccountRows accounts_;
  ConversationRows conversations_;
  MessageRows messages_;
};

// The beginning of `content` as a list shows it.
std::string MakePreview(const std::string& content);

// True if `content` is what this message was appended with.
bool WasAppendedWith(const MessageRow& row, const std::string& content);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_ARCHIVE_H_
