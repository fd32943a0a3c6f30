#ifndef HARK_TOOLS_BACKEND_MESSAGE_ROWS_H_
#define HARK_TOOLS_BACKEND_MESSAGE_ROWS_H_

// Table messages. The sequences of a conversation are dense and rows are never removed, so a range
// of sequences is a page. Throws SQLite::Exception.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/conversation_rows.h"
#include "tools/backend/types.h"

namespace hark::backend {

struct MessageRow {
  ConversationKey conversation = 0;
  TimePoint accepted_at{};
  Message message;
  // Set once the content is no longer the one that was appended.
  std::optional<std::string> first_digest;
};

class MessageRows {
 public:
  explicit MessageRows(SQLite::Database& database);

  void Insert(AccountKey account, const MessageRow& row);
  // Writes what an edit or a deletion changes.
  void Update(const MessageRow& row);

  std::optional<MessageRow> FindById(AccountKey account, const std::string& id);
  std::optional<MessageRow> FindBySequence(ConversationKey conversation, std::uint64_t sequence);

  // Adds the messages from `from` to `to`, both included, oldest first.
  void ReadRange(ConversationKey conversation, std::uint64_t from, std::uint64_t to,
                 std::vector<Message>* out);

  // The sequence of the message that has `skip` others that are not deleted between itself and
  // `before`; 0 if there is none.
  std::uint64_t NthVisibleBefore(ConversationKey conversation, std::uint64_t before,
                                 std::uint64_t skip);
  std::uint64_t CountUnread(ConversationKey conversation, std::uint64_t read_sequence);

  // Calls `visit` with every message accepted after `cutoff`, in order of acceptance.
  void ForEachAcceptedAfter(TimePoint cutoff, const std::function<void(MessageRow)>& visit);

 private:
  SQLite::Statement insert_;
  SQLite::Statement update_;
  SQLite::Statement by_id_;
  SQLite::Statement by_sequence_;
  SQLite::Statement range_;
  SQLite::Statement nth_visible_;
  SQLite::Statement count_unread_;
  SQLite::Statement accepted_after_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_MESSAGE_ROWS_H_
