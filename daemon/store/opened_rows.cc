#include "daemon/store/opened_rows.h"

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

constexpr char kWrite[] =
    "INSERT INTO opened (conversation, at) VALUES (?, ?)"
    " ON CONFLICT (conversation) DO UPDATE SET at = excluded.at WHERE at <> excluded.at";
constexpr char kRead[] = "SELECT at FROM opened WHERE conversation = ?";
constexpr char kList[] =
    "SELECT conversation FROM opened WHERE at >= ? ORDER BY at DESC, conversation LIMIT ?";

}  // namespace

void WriteOpened(Connection& authored, const ConversationId& conversation, WallTime at) {
  Query query(authored.statements(), kWrite);
  query.Text(conversation.value());
  BindTime(query, at);
  query.Run();
}

std::optional<WallTime> ReadOpened(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kRead);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return GetTime(query, 0);
}

std::vector<ConversationId> ListOpenedSince(Connection& authored, WallTime since,
                                            std::uint32_t limit) {
  Query query(authored.statements(), kList);
  BindTime(query, since);
  query.Uint(limit);
  std::vector<ConversationId> ids;
  while (query.Next()) ids.emplace_back(query.GetText(0));
  return ids;
}

}  // namespace hark::store
