#include "daemon/store/settled_sends.h"

#include "daemon/store/message_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

// Temporary, so that it is this connection's alone, in memory, and gone with it. A name without a
// schema means the temporary one first.
constexpr char kPrepare[] =
    "CREATE TEMP TABLE settled (position INTEGER PRIMARY KEY);"
    "CREATE TEMP VIEW outbox AS SELECT * FROM main.outbox"
    " WHERE position NOT IN (SELECT position FROM temp.settled)";

constexpr char kHide[] = "INSERT OR IGNORE INTO temp.settled (position) VALUES (?)";
constexpr char kCount[] = "SELECT count(*) FROM temp.settled";
constexpr char kRemove[] =
    "DELETE FROM main.outbox WHERE position IN (SELECT position FROM temp.settled)";
constexpr char kForget[] = "DELETE FROM temp.settled";

}  // namespace

void PrepareHiding(Connection& authored) {
  authored.Execute(kPrepare);
}

void HideSettled(Connection& authored, std::uint64_t position) {
  Query(authored.statements(), kHide).Uint(position).Run();
}

void HideSendsInCache(Connection& authored, Connection& cache) {
  for (const MessageId& id : AllSendIds(authored)) {
    if (!FindMessagePlace(cache, id)) continue;
    if (const auto send = FindSend(authored, id)) HideSettled(authored, send->position);
  }
}

std::uint64_t CountHidden(Connection& authored) {
  return static_cast<std::uint64_t>(authored.ReadInt(kCount));
}

void RemoveHidden(Connection& authored) {
  Query(authored.statements(), kRemove).Run();
  Query(authored.statements(), kForget).Run();
}

}  // namespace hark::store
