#include "tools/backend/archive_import.h"

#include <algorithm>
#include <utility>

#include "tools/backend/limits.h"
#include "tools/backend/random.h"
#include "tools/backend/sqlite_errors.h"

namespace hark::backend {

std::string ImportedMessageId(const std::string& conversation_id, std::size_t number) {
  std::string id = conversation_id + ":" + std::to_string(number);
  return id.size() <= kMaxIdBytes ? id : ToHex(Sha256(id));
}

ArchiveImport::ArchiveImport(Archive& archive, AccountKey account)
    : archive_(archive),
      account_(account),
      transaction_(*archive.database_, SQLite::TransactionBehavior::IMMEDIATE) {}

Result<std::unique_ptr<ArchiveImport>> ArchiveImport::Begin(Archive& archive, const UserId& user) {
  return Guarded([&]() -> Result<std::unique_ptr<ArchiveImport>> {
    const AccountKey account = archive.accounts_.FindOrCreate(user);
    return std::unique_ptr<ArchiveImport>(new ArchiveImport(archive, account));
  });
}

Result<bool> ArchiveImport::Add(const ImportedConversation& conversation) {
  return Guarded([&]() -> Result<bool> {
    const auto present = archive_.conversations_.Find(account_, conversation.id);
    if (present) return CheckSame(*present, conversation);
    for (const Message& message : conversation.messages) {
      if (archive_.messages_.FindById(account_, message.id())) {
        return Fail(ErrorCode::kConflict, "a message id is taken by another conversation");
      }
    }
    Insert(conversation);
    return true;
  });
}

Result<bool> ArchiveImport::CheckSame(const ConversationRow& present,
                                      const ImportedConversation& imported) {
  const auto differs = Fail(ErrorCode::kConflict, "the conversation exists and is different");
  if (present.title != imported.title) return differs;
  std::uint64_t sequence = 0;
  for (const Message& message : imported.messages) {
    const auto row = archive_.messages_.FindBySequence(present.key, ++sequence);
    if (!row || row->message.id() != message.id() || row->message.role() != message.role() ||
        !WasAppendedWith(*row, message.content())) {
      return differs;
    }
  }
  // What follows may have been written since, but not have been imported from a longer file.
  const auto next = archive_.messages_.FindBySequence(present.key, ++sequence);
  if (next && next->message.id() == ImportedMessageId(imported.id, sequence)) return differs;
  return false;
}

void ArchiveImport::Insert(const ImportedConversation& imported) {
  ConversationRow conversation;
  conversation.id = imported.id;
  conversation.title = imported.title;
  conversation.last_sequence = imported.messages.size();
  conversation.read_sequence = std::min(imported.read_sequence.value_or(conversation.last_sequence),
                                        conversation.last_sequence);
  conversation.last_activity_at = imported.created_at.value_or(TimePoint());
  // Imported messages count as accepted when they were written, so that old ones stay out of the
  // working memory.
  std::vector<MessageRow> rows;
  rows.reserve(imported.messages.size());
  for (const Message& message : imported.messages) {
    const TimePoint created = FromTimestamp(message.created_at());
    MessageRow& row = rows.emplace_back();
    row.message = message;
    row.message.set_sequence(rows.size());
    if (row.message.revision() == 0) row.message.set_revision(1);
    const bool is_news =
        row.message.sequence() > conversation.read_sequence && message.role() != wire::ROLE_USER;
    conversation.message_count += message.deleted() ? 0 : 1;
    conversation.unread_count += is_news && !message.deleted() ? 1 : 0;
    conversation.last_accepted_at =
        std::max(conversation.last_accepted_at, std::min(created, archive_.clock_.Now()));
    row.accepted_at = conversation.last_accepted_at;
    conversation.last_activity_at = created;
    if (!message.deleted()) conversation.preview = MakePreview(message.content());
  }
  const ConversationKey key = archive_.conversations_.Insert(account_, conversation);
  for (MessageRow& row : rows) {
    row.conversation = key;
    archive_.messages_.Insert(account_, row);
  }
  archive_.accounts_.CountConversations(account_, 1);
  archive_.accounts_.CountMessages(account_, static_cast<std::int64_t>(conversation.message_count));
  archive_.accounts_.AddChange(account_, key, 0);
}

Result<void> ArchiveImport::Commit() {
  return Guarded([&]() -> Result<void> {
    archive_.accounts_.Trim(account_);
    transaction_.commit();
    return {};
  });
}

}  // namespace hark::backend
