#include "tools/backend/account_rows.h"

#include "tools/backend/query.h"
#include "tools/backend/random.h"

namespace hark::backend {

AccountRows::AccountRows(SQLite::Database& database, std::uint64_t change_log_limit)
    : change_log_limit_(change_log_limit),
      find_(database, "SELECT account FROM accounts WHERE user_id = ?"),
      create_(database, "INSERT INTO accounts (user_id, epoch) VALUES (?, ?) RETURNING account"),
      log_(database, "SELECT epoch, floor, head FROM accounts WHERE account = ?"),
      read_log_(database,
                "SELECT changes.position, conversations.id, changes.sequence FROM changes"
                " JOIN conversations USING (conversation)"
                " WHERE changes.account = ? AND changes.position > ?"
                " ORDER BY changes.position LIMIT ?"),
      raise_head_(database, "UPDATE accounts SET head = head + 1 WHERE account = ? RETURNING head"),
      add_change_(database,
                  "INSERT INTO changes (account, position, conversation, sequence)"
                  " VALUES (?, ?, ?, ?)"),
      raise_floor_(database,
                   "UPDATE accounts SET floor = max(floor, head - ?2) WHERE account = ?1"
                   " RETURNING floor"),
      trim_(database, "DELETE FROM changes WHERE account = ? AND position <= ?"),
      count_(database,
             "UPDATE accounts SET conversation_count = conversation_count + ?2,"
             " message_count = message_count + ?3 WHERE account = ?1"),
      totals_(database,
              "SELECT conversation_count, message_count FROM accounts WHERE account = ?") {}

AccountKey AccountRows::FindOrCreate(const UserId& user) {
  if (const auto known = known_.find(user); known != known_.end()) return known->second;
  {
    Query find(find_, user);
    if (find.Next()) return known_[user] = find.Int(0);
  }
  Query create(create_, user, RandomHex());
  create.Next();
  // Not remembered yet: the transaction that this is part of may still roll back.
  const AccountKey account = create.Int(0);
  create.Run();
  return account;
}

LogState AccountRows::GetLog(AccountKey account) {
  Query query(log_, account);
  LogState log;
  if (query.Next()) {
    log.epoch = query.Text(0);
    log.floor = query.Uint(1);
    log.head = query.Uint(2);
  }
  return log;
}

std::vector<LogEntry> AccountRows::ReadLog(AccountKey account, std::uint64_t after,
                                           std::size_t limit) {
  std::vector<LogEntry> entries;
  Query query(read_log_, account, after, static_cast<std::uint64_t>(limit));
  while (query.Next()) entries.push_back({query.Uint(0), query.Text(1), query.Uint(2)});
  return entries;
}

void AccountRows::AddChange(AccountKey account, std::int64_t conversation, std::uint64_t sequence) {
  Query raise(raise_head_, account);
  raise.Next();
  const std::int64_t position = raise.Int(0);
  raise.Run();
  Query(add_change_, account, position, conversation, sequence).Run();
}

void AccountRows::Trim(AccountKey account) {
  Query raise(raise_floor_, account, change_log_limit_);
  raise.Next();
  const std::int64_t floor = raise.Int(0);
  raise.Run();
  if (floor > 0) Query(trim_, account, floor).Run();
}

void AccountRows::CountConversations(AccountKey account, std::int64_t more) {
  Query(count_, account, more, std::int64_t{0}).Run();
}

void AccountRows::CountMessages(AccountKey account, std::int64_t more) {
  Query(count_, account, std::int64_t{0}, more).Run();
}

std::uint64_t AccountRows::TotalConversations(AccountKey account) {
  Query query(totals_, account);
  return query.Next() ? query.Uint(0) : 0;
}

std::uint64_t AccountRows::TotalMessages(AccountKey account) {
  Query query(totals_, account);
  return query.Next() ? query.Uint(1) : 0;
}

}  // namespace hark::backend
