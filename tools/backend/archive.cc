#include "tools/backend/archive.h"

#include <algorithm>
#include <utility>

#include "tools/backend/archive_schema.h"
#include "tools/backend/limits.h"
#include "tools/backend/random.h"
#include "tools/backend/sqlite_errors.h"
#include "tools/backend/utf8.h"

namespace hark::backend {
namespace {

tl::unexpected<Error> NoConversation() {
  return Fail(ErrorCode::kNotFound, "no such conversation");
}

Applied ToApplied(const Message& message, bool changed) {
  return {message.id(), message.sequence(), message.revision(), changed};
}

bool CountsAsUnread(const ConversationRow& conversation, const Message& message) {
  return message.sequence() > conversation.read_sequence && message.role() != wire::ROLE_USER;
}

}  // namespace

std::string MakePreview(const std::string& content) {
  return std::string(Utf8PrefixCharacters(content, kPreviewCharacters));
}

bool WasAppendedWith(const MessageRow& row, const std::string& content) {
  if (row.first_digest) return *row.first_digest == Sha256(content);
  return row.message.content() == content;
}

Archive::Archive(std::unique_ptr<SQLite::Database> database, const Clock& clock,
                 std::uint64_t change_log_limit)
    : database_(std::move(database)),
      clock_(clock),
      accounts_(*database_, change_log_limit),
      conversations_(*database_),
      messages_(*database_) {}

Result<std::unique_ptr<Archive>> Archive::Open(const std::string& path, const Clock& clock,
                                               std::uint64_t change_log_limit) {
  auto database = OpenArchive(path);
  if (!database) return tl::unexpected<Error>(std::move(database.error()));
  return Guarded([&]() -> Result<std::unique_ptr<Archive>> {
    return std::unique_ptr<Archive>(new Archive(std::move(*database), clock, change_log_limit));
  });
}

Result<LogState> Archive::GetLog(const UserId& user) {
  return Guarded(
      [&]() -> Result<LogState> { return accounts_.GetLog(accounts_.FindOrCreate(user)); });
}

Result<std::vector<LogEntry>> Archive::ReadLog(const UserId& user, std::uint64_t after,
                                               std::size_t limit) {
  return Guarded([&]() -> Result<std::vector<LogEntry>> {
    return accounts_.ReadLog(accounts_.FindOrCreate(user), after, limit);
  });
}

Result<Written> Archive::Append(const UserId& user, const Message& message) {
  return Guarded([&]() -> Result<Written> {
    const AccountKey account = accounts_.FindOrCreate(user);
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    auto conversation = conversations_.Find(account, message.conversation_id());
    if (const auto known = messages_.FindById(account, message.id())) {
      if (!conversation || known->conversation != conversation->key ||
          !WasAppendedWith(*known, message.content())) {
        return Fail(ErrorCode::kConflict, "another message has this id");
      }
      // The same answer as the first time, whatever became of the message since.
      return Written{{message.id(), known->message.sequence(), 1, false}, std::nullopt};
    }
    if (!conversation) return NoConversation();

    MessageRow row;
    row.conversation = conversation->key;
    row.accepted_at = std::max(clock_.Now(), conversation->last_accepted_at);
    row.message = message;
    row.message.clear_server_id();
    row.message.clear_edited_at();
    row.message.set_deleted(false);
    row.message.set_sequence(conversation->last_sequence + 1);
    row.message.set_revision(1);
    const TimePoint created =
        message.has_created_at() ? FromTimestamp(message.created_at()) : clock_.Now();
    *row.message.mutable_created_at() = ToTimestamp(created);
    messages_.Insert(account, row);

    conversation->last_sequence += 1;
    conversation->message_count += 1;
    conversation->unread_count += CountsAsUnread(*conversation, row.message) ? 1 : 0;
    conversation->last_activity_at = created;
    conversation->last_accepted_at = row.accepted_at;
    conversation->preview = MakePreview(message.content());
    conversations_.Update(*conversation);
    accounts_.CountMessages(account, 1);
    accounts_.AddChange(account, row.conversation, row.message.sequence());
    accounts_.Trim(account);
    transaction.commit();
    return Written{ToApplied(row.message, true), std::move(row)};
  });
}

void Archive::RefreshPreview(ConversationRow& conversation) {
  const std::uint64_t newest =
      messages_.NthVisibleBefore(conversation.key, conversation.last_sequence + 1, 0);
  const auto row = messages_.FindBySequence(conversation.key, newest);
  conversation.preview = row ? MakePreview(row->message.content()) : std::string();
}

void Archive::SaveChangedMessage(AccountKey account, ConversationRow& conversation,
                                 MessageRow& row) {
  row.message.set_revision(row.message.revision() + 1);
  messages_.Update(row);
  RefreshPreview(conversation);
  conversations_.Update(conversation);
  accounts_.AddChange(account, conversation.key, row.message.sequence());
  accounts_.Trim(account);
}

template <typename Request, typename Change>
Result<Written> Archive::ChangeMessage(const UserId& user, const Request& request,
                                       const Change& change) {
  return Guarded([&]() -> Result<Written> {
    const AccountKey account = accounts_.FindOrCreate(user);
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    auto conversation = conversations_.Find(account, request.conversation_id);
    if (!conversation) return NoConversation();
    auto row = messages_.FindById(account, request.message_id);
    if (!row || row->conversation != conversation->key) {
      return Fail(ErrorCode::kNotFound, "no such message");
    }
    const Result<bool> changed = change(account, *conversation, *row);
    if (!changed) return tl::unexpected<Error>(changed.error());
    if (!*changed) return Written{ToApplied(row->message, false), std::nullopt};
    SaveChangedMessage(account, *conversation, *row);
    transaction.commit();
    return Written{ToApplied(row->message, true), std::move(*row)};
  });
}

Result<Written> Archive::Edit(const UserId& user, const EditRequest& request) {
  const auto edit = [&](AccountKey, ConversationRow&, MessageRow& row) -> Result<bool> {
    Message& message = row.message;
    if (!message.deleted() && message.revision() == request.base_revision + 1 &&
        message.content() == request.content) {
      return false;
    }
    if (message.deleted() || message.revision() > request.base_revision) {
      return Fail(ErrorCode::kConflict, "the message has changed since");
    }
    // Revisions that were forgotten, when the archive was restored, are not given out again.
    message.set_revision(request.base_revision);
    if (!row.first_digest) row.first_digest = Sha256(message.content());
    message.set_content(request.content);
    *message.mutable_edited_at() = ToTimestamp(request.edited_at);
    return true;
  };
  return ChangeMessage(user, request, edit);
}

Result<Written> Archive::Delete(const UserId& user, const DeleteRequest& request) {
  const auto erase = [&](AccountKey account, ConversationRow& conversation,
                         MessageRow& row) -> Result<bool> {
    Message& message = row.message;
    if (message.deleted()) return false;
    if (request.base_revision != 0 && message.revision() > request.base_revision) {
      return Fail(ErrorCode::kConflict, "the message has changed since");
    }
    message.set_revision(std::max(message.revision(), request.base_revision));
    if (!row.first_digest) row.first_digest = Sha256(message.content());
    message.clear_content();
    message.clear_metadata();
    message.set_deleted(true);
    *message.mutable_edited_at() = ToTimestamp(clock_.Now());
    conversation.message_count -= 1;
    conversation.unread_count -= CountsAsUnread(conversation, message) ? 1 : 0;
    accounts_.CountMessages(account, -1);
    return true;
  };
  return ChangeMessage(user, request, erase);
}

Result<bool> Archive::MarkRead(const UserId& user, const std::string& conversation_id,
                               std::uint64_t read_sequence) {
  return Guarded([&]() -> Result<bool> {
    const AccountKey account = accounts_.FindOrCreate(user);
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    auto conversation = conversations_.Find(account, conversation_id);
    if (!conversation) return NoConversation();
    const std::uint64_t target = std::min(read_sequence, conversation->last_sequence);
    if (target <= conversation->read_sequence) return false;
    conversation->read_sequence = target;
    conversation->unread_count = messages_.CountUnread(conversation->key, target);
    conversations_.Update(*conversation);
    accounts_.AddChange(account, conversation->key, 0);
    accounts_.Trim(account);
    transaction.commit();
    return true;
  });
}

Result<void> Archive::CreateConversation(const UserId& user, const std::string& id,
                                         const std::string& title) {
  return Guarded([&]() -> Result<void> {
    const AccountKey account = accounts_.FindOrCreate(user);
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (conversations_.Find(account, id)) {
      return Fail(ErrorCode::kAlreadyExists, "a conversation with this id exists");
    }
    ConversationRow row;
    row.id = id;
    row.title = title;
    row.last_activity_at = clock_.Now();
    const ConversationKey key = conversations_.Insert(account, row);
    accounts_.CountConversations(account, 1);
    accounts_.AddChange(account, key, 0);
    accounts_.Trim(account);
    transaction.commit();
    return {};
  });
}

}  // namespace hark::backend
