// The read markers of the outbox: at most one a conversation.

#ifndef HARK_DAEMON_STORE_MARKER_ROWS_H_
#define HARK_DAEMON_STORE_MARKER_ROWS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/store/connection.h"

namespace hark::store {

struct Marker {
  std::uint64_t position = 0;
  Sequence read_sequence = 0;
};

[[nodiscard]] std::optional<Marker> FindMarker(Connection& authored,
                                               const ConversationId& conversation);
// Takes a new position, which it answers: what is on its way was an older marker.
std::uint64_t ReplaceMarker(Connection& authored, const ConversationId& conversation,
                            Sequence read_sequence);
[[nodiscard]] std::vector<std::pair<ConversationId, Sequence>> AllMarkers(Connection& authored);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MARKER_ROWS_H_
