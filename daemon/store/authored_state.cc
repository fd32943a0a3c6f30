#include "daemon/store/authored_state.h"

#include <openssl/sha.h>

#include "daemon/store/columns.h"
#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

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

AuthoredEntry ReadEntry(const Query& row) {
  AuthoredEntry entry;
  entry.kind = static_cast<OutboxKind>(row.GetInt(0));
  entry.conversation = row.GetText(1);
  if (entry.kind == OutboxKind::kMarkRead) {
    entry.read_sequence = row.GetUint(3);
    return entry;
  }
  entry.message = GetId(row, 2);
  entry.content = DigestOf(row.GetBytes(6));
  if (entry.kind == OutboxKind::kSend) return entry;
  entry.position = row.GetUint(4);
  entry.submitted_at = row.GetInt(5);
  return entry;
}

}  // namespace

AuthoredState ReadAuthored(Connection& authored) {
  AuthoredState state;
  state.version = authored.ReadInt(kVersion);
  state.generation = ReadGeneration(authored);
  Query entries(authored.statements(), state.version > 1 ? kEntries : kFirstEntries);
  while (entries.Next()) state.entries.insert(ReadEntry(entries));
  if (authored.ReadInt(kHasDrafts) > 0) {
    Query drafts(authored.statements(), kDrafts);
    while (drafts.Next()) state.drafts.emplace(drafts.GetText(0), drafts.GetInt(1));
  }
  return state;
}

void DropDelivered(AuthoredState& state, Connection& cache) {
  std::erase_if(state.entries, [&cache](const AuthoredEntry& entry) {
    if (entry.kind != OutboxKind::kSend) return false;
    Query message(cache.statements(), kMessage);
    BindId(message, entry.message);
    return message.Next();
  });
}

Result<AuthoredState> ReadAuthored(const std::filesystem::path& file, const Secret& key) {
  if (!Exists(file)) return Fail(ErrorCode::kNotFound, "there is no authored.db");
  return Catching([&]() -> Result<AuthoredState> {
    Connection connection(file, key, Access::kProbe, Durability::kAuthored);
    return ReadAuthored(connection);
  });
}

Result<void> DropDelivered(AuthoredState& state, const std::filesystem::path& cache,
                           const Secret& key) {
  return Catching([&]() -> Result<void> {
    Connection connection(cache, key, Access::kProbe, Durability::kFetchable);
    DropDelivered(state, connection);
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
