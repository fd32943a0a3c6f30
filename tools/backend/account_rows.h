#ifndef HARK_TOOLS_BACKEND_ACCOUNT_ROWS_H_
#define HARK_TOOLS_BACKEND_ACCOUNT_ROWS_H_

// Tables accounts and changes: who has conversations here, and the numbered log of what changed for
// each of them. Throws SQLite::Exception.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/types.h"

namespace hark::backend {

// The archive's own number for a user.
using AccountKey = std::int64_t;

class AccountRows {
 public:
  AccountRows(SQLite::Database& database, std::uint64_t change_log_limit);

  // Makes the row, and with it a change log of a new epoch, if there is none.
  AccountKey FindOrCreate(const UserId& user);

  LogState GetLog(AccountKey account);
  std::vector<LogEntry> ReadLog(AccountKey account, std::uint64_t after, std::size_t limit);

  // Takes the next position for a change of the conversation, or of one message in it.
  void AddChange(AccountKey account, std::int64_t conversation, std::uint64_t sequence);

  // Forgets the oldest changes above the limit. At the end of a transaction that added some.
  void Trim(AccountKey account);

  void CountConversations(AccountKey account, std::int64_t more);
  void CountMessages(AccountKey account, std::int64_t more);
  std::uint64_t TotalConversations(AccountKey account);
  std::uint64_t TotalMessages(AccountKey account);

 private:
  std::uint64_t change_log_limit_;
  std::unordered_map<UserId, AccountKey> known_;
  SQLite::Statement find_;
  SQLite::Statement create_;
  SQLite::Statement log_;
  SQLite::Statement read_log_;
  SQLite::Statement raise_head_;
  SQLite::Statement add_change_;
  SQLite::Statement raise_floor_;
  SQLite::Statement trim_;
  SQLite::Statement count_;
  SQLite::Statement totals_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_ACCOUNT_ROWS_H_
