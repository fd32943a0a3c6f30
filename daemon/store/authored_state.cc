#include "daemon/store/authored_state.h"

#include "daemon/store/columns.h"
#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// The columns of the first schema are in every later one. Any schema: so not by outbox_rows.h.
constexpr char kPositions[] = "SELECT position FROM outbox";
constexpr char kGeneration[] = "SELECT generation FROM store_info";
constexpr char kVersion[] = "PRAGMA user_version";
constexpr char kHasDrafts[] = "SELECT count(*) FROM sqlite_master WHERE name = 'drafts'";
constexpr char kDrafts[] = "SELECT conversation, version FROM drafts WHERE text <> ''";

std::string Counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

Result<AuthoredState> ReadAuthored(const std::filesystem::path& file, const Secret& key) {
  if (!Exists(file)) return Fail(ErrorCode::kNotFound, "there is no authored.db");
  return Catching([&]() -> Result<AuthoredState> {
    Connection connection(file, key, Access::kProbe, Durability::kAuthored);
    AuthoredState state;
    state.version = connection.ReadInt(kVersion);
    state.generation = static_cast<std::uint32_t>(connection.ReadInt(kGeneration));
    Query query(connection.statements(), kPositions);
    while (query.Next()) state.positions.insert(query.GetInt(0));
    if (connection.ReadInt(kHasDrafts) > 0) {
      Query drafts(connection.statements(), kDrafts);
      while (drafts.Next()) state.drafts.emplace(drafts.GetText(0), drafts.GetInt(1));
    }
    return state;
  });
}

LostAuthored CountLost(const AuthoredState& present, const AuthoredState& other) {
  LostAuthored lost;
  for (const std::int64_t position : present.positions)
    lost.entries += other.positions.contains(position) ? 0 : 1;
  for (const auto& draft : present.drafts) lost.drafts += other.drafts.contains(draft) ? 0 : 1;
  return lost;
}

std::string TextOf(const LostAuthored& lost) {
  return Counted(lost.entries, "unsent entry", "unsent entries") + " and " +
         Counted(lost.drafts, "draft", "drafts");
}

}  // namespace hark::store
