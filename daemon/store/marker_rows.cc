#include "daemon/store/marker_rows.h"

#include "daemon/model/message.h"
#include "daemon/store/columns.h"

namespace hark::store {
namespace {

constexpr char kFind[] =
    "SELECT position, read_sequence FROM outbox WHERE kind = 2 AND conversation = ?";
constexpr char kDrop[] = "DELETE FROM main.outbox WHERE kind = 2 AND conversation = ?";
constexpr char kInsert[] =
    "INSERT INTO main.outbox (kind, conversation, delivery, read_sequence) VALUES (2, ?, ?, ?)"
    " RETURNING position";
constexpr char kAll[] = "SELECT conversation, read_sequence FROM outbox WHERE kind = 2";

}  // namespace

std::optional<Marker> FindMarker(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kFind);
  query.Text(conversation.value());
  if (!query.Next()) return std::nullopt;
  return Marker{query.GetUint(0), query.GetUint(1)};
}

std::uint64_t ReplaceMarker(Connection& authored, const ConversationId& conversation,
                            Sequence read_sequence) {
  Query(authored.statements(), kDrop).Text(conversation.value()).Run();
  Query query(authored.statements(), kInsert);
  query.Text(conversation.value()).Int(static_cast<std::int64_t>(Delivery::kQueued));
  query.Uint(read_sequence);
  std::uint64_t position = 0;
  while (query.Next()) position = query.GetUint(0);
  return position;
}

std::vector<std::pair<ConversationId, Sequence>> AllMarkers(Connection& authored) {
  Query query(authored.statements(), kAll);
  std::vector<std::pair<ConversationId, Sequence>> markers;
  while (query.Next()) markers.emplace_back(ConversationId(query.GetText(0)), query.GetUint(1));
  return markers;
}

}  // namespace hark::store
