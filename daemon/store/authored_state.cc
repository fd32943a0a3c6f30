#include "daemon/store/authored_state.h"

#include <openssl/sha.h>

#include "daemon/store/columns.h"
#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// The columns of the first schema are in every later one. Any schema: so not by outbox_rows.h.
constexpr char kEntries[] =
    "SELECT kind, conversation, coalesce(message_id, ''), coalesce(read_sequence, 0), position, "
    "submitted_at, coalesce(content, '') FROM outbox";
// Of version 1, which had neither edits nor deletions.
constexpr char kFirstEntries[] =
    "SELECT kind, conversation, coalesce(message_id, ''), coalesce(read_sequence, 0), position, 0, "
    "coalesce(content, '') FROM outbox";
constexpr char kMessage[] = "SELECT 1 FROM messages WHERE id = ?";
constexpr char kGeneration[] = "SELECT generation FROM store_info";
constexpr char kVersion[] = "PRAGMA user_version";
constexpr char kHasDrafts[] = "SELECT count(*) FROM sqlite_master WHERE name = 'drafts'";
constexpr char kDrafts[] = "SELECT conversation, version FROM drafts WHERE text <> ''";

AuthoredEntry::Digest DigestOf(std::string_view content) {
  AuthoredEntry::Digest digest{};
  static_assert(sizeof(digest) == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
  return digest;
}

std::string Counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

AuthoredEntry EntryOf(const OutboxEntry& entry, std::string_view content) {
  AuthoredEntry same;
  same.kind = entry.kind;
  same.conversation = entry.conversation.value();
  if (entry.kind == OutboxKind::kMarkRead) {
    same.read_sequence = entry.read_sequence;
    return same;
  }
  same.message = entry.message.value();
  same.content = DigestOf(content);
  if (entry.kind == OutboxKind::kSend) return same;
  same.position = entry.position;
  same.submitted_at = entry.submitted_at.time_since_epoch().count();
  return same;
}

Result<AuthoredState> ReadAuthored(const std::filesystem::path& file, const Secret& key) {
  if (!Exists(file)) return Fail(ErrorCode::kNotFound, "there is no authored.db");
  return Catching([&]() -> Result<AuthoredState> {
    Connection connection(file, key, Access::kProbe, Durability::kAuthored);
    AuthoredState state;
    state.version = connection.ReadInt(kVersion);
    state.generation = static_cast<std::uint32_t>(connection.ReadInt(kGeneration));
    Query entries(connection.statements(), state.version > 1 ? kEntries : kFirstEntries);
    while (entries.Next()) {
      OutboxEntry entry;
      entry.kind = static_cast<OutboxKind>(entries.GetInt(0));
      entry.conversation = ConversationId(entries.GetText(1));
      entry.message = MessageId(GetId(entries, 2));
      entry.read_sequence = entries.GetUint(3);
      entry.position = entries.GetUint(4);
      entry.submitted_at = GetTime(entries, 5);
      state.entries.insert(EntryOf(entry, entries.GetText(6)));
    }
    if (connection.ReadInt(kHasDrafts) > 0) {
      Query drafts(connection.statements(), kDrafts);
      while (drafts.Next()) state.drafts.emplace(drafts.GetText(0), drafts.GetInt(1));
    }
    return state;
  });
}

Result<void> DropDelivered(AuthoredState& state, const std::filesystem::path& cache,
                           const Secret& key) {
  return Catching([&]() -> Result<void> {
    Connection connection(cache, key, Access::kProbe, Durability::kFetchable);
    std::erase_if(state.entries, [&](const AuthoredEntry& entry) {
      if (entry.kind != OutboxKind::kSend) return false;
      Query message(connection.statements(), kMessage);
      BindId(message, entry.message);
      return message.Next();
    });
    return {};
  });
}

LostAuthored CountLost(const AuthoredState& present, const AuthoredState& other) {
  LostAuthored lost;
  for (const AuthoredEntry& entry : present.entries)
    lost.entries += other.entries.contains(entry) ? 0 : 1;
  for (const auto& draft : present.drafts) lost.drafts += other.drafts.contains(draft) ? 0 : 1;
  return lost;
}

std::string TextOf(const LostAuthored& lost) {
  return Counted(lost.entries, "unsent entry", "unsent entries") + " and " +
         Counted(lost.drafts, "draft", "drafts");
}

}  // namespace hark::store
