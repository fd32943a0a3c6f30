#include "daemon/store/marks_ahead.h"

#include <optional>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {

bool LeavesSoon(JobContext& context, const ConversationId& conversation) {
  const auto newest = NewestSend(context.authored(), conversation);
  if (!newest) return true;
  const InFlight& in_flight = context.in_flight();
  if (in_flight.ahead.size() >= limits::kMarkedAhead) return false;
  return in_flight.sending.contains(*newest) || in_flight.ahead.contains(*newest);
}

void NoteMarkedAhead(JobContext& context, std::uint64_t position) {
  InFlight& in_flight = context.ChangeInFlight();
  in_flight.leaving.insert(position);
  in_flight.ahead.insert(position);
}

bool MayHaveLeft(const JobContext& context, std::uint64_t position, bool attempted) {
  return attempted && !context.in_flight().ahead.contains(position);
}

void TakeMarkBack(JobContext& context, std::uint64_t position) {
  if (!context.in_flight().ahead.contains(position)) return;
  SetAttempted(context.WriteAuthored(), position, false);
  context.ChangeInFlight().Erase(position);
}

void TakeMarksBack(JobContext& context, const std::optional<ConversationId>& conversation) {
  const std::vector<std::uint64_t> marked(context.in_flight().ahead.begin(),
                                          context.in_flight().ahead.end());
  for (const std::uint64_t position : marked) {
    const auto row = FindOutboxRow(context.authored(), position);
    if (row && (!conversation || row->entry.conversation == *conversation))
      TakeMarkBack(context, position);
  }
}

}  // namespace hark::store
