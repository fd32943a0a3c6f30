#ifndef HARK_TOOLS_BACKEND_ARCHIVE_IMPORT_H_
#define HARK_TOOLS_BACKEND_ARCHIVE_IMPORT_H_

// Whole conversations into the archive, all in one transaction: what is not committed was never
// there.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/archive.h"

namespace hark::backend {

// A conversation as a file has it. Every message has an id, a role, a content and created_at.
struct ImportedConversation {
  std::string id;
  std::string title;
  std::vector<Message> messages;  // A revision and edited_at only if the file gives them.
  std::optional<std::uint64_t> read_sequence;  // Nothing: all of it is read.
  std::optional<TimePoint> created_at;         // What counts as its activity if it has no messages.
};

// The id of the `number`th message (from 1) of a conversation whose file gives none: the same in
// every import.
std::string ImportedMessageId(const std::string& conversation_id, std::size_t number);

class ArchiveImport {
 public:
  // `archive` outlives the object and is not used otherwise until it is gone.
  static Result<std::unique_ptr<ArchiveImport>> Begin(Archive& archive, const UserId& user);

  // True if it was added, false if it is there already (it may have gone on since). kConflict if
  // what is there differs. An imported conversation counts as read: it is a past, not news.
  Result<bool> Add(const ImportedConversation& conversation);
  Result<void> Commit();

 private:
  ArchiveImport(Archive& archive, AccountKey account);
  Result<bool> CheckSame(const ConversationRow& present, const ImportedConversation& imported);
  void Insert(const ImportedConversation& imported);

  Archive& archive_;
  const AccountKey account_;
  SQLite::Transaction transaction_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_ARCHIVE_IMPORT_H_
