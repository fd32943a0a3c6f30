#ifndef HARK_TOOLS_BACKEND_CONVERSATION_ROWS_H_
#define HARK_TOOLS_BACKEND_CONVERSATION_ROWS_H_

// Table conversations: each with the summary that a list shows, kept up to date by the writes.
// Throws SQLite::Exception.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/account_rows.h"
#include "tools/backend/types.h"

namespace hark::backend {

// The archive's own number for a conversation.
using ConversationKey = std::int64_t;

struct ConversationRow {
  ConversationKey key = 0;
  std::string id;
  std::string title;
  std::uint64_t last_sequence = 0;
  std::uint64_t message_count = 0;
  std::uint64_t read_sequence = 0;
  std::uint64_t unread_count = 0;
  TimePoint last_activity_at{};
  TimePoint last_accepted_at{};
  std::string preview;

  [[nodiscard]] Conversation ToWire() const;
};

// Where a page of the list ended; the next begins behind it.
struct ListPosition {
  TimePoint last_activity_at{};
  ConversationKey key = 0;
};

class ConversationRows {
 public:
  explicit ConversationRows(SQLite::Database& database);

  std::optional<ConversationRow> Find(AccountKey account, const std::string& id);
  ConversationKey Insert(AccountKey account, const ConversationRow& row);
  // Writes everything but the id and the title.
  void Update(const ConversationRow& row);
  // Newest activity first.
  std::vector<ConversationRow> List(AccountKey account, const std::optional<ListPosition>& after,
                                    std::uint32_t limit);

 private:
  SQLite::Statement find_;
  SQLite::Statement insert_;
  SQLite::Statement update_;
  SQLite::Statement list_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_CONVERSATION_ROWS_H_
