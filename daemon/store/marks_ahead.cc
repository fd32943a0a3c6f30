#include "daemon/store/marks_ahead.h"

#include <vector>

#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {

bool LeavesSoon(JobContext& context, const ConversationId& conversation) {
  const auto newest = NewestSend(context.authored(), conversation);
  if (!newest) return true;
  const InFlight& in_flight = context.in_flight();
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

void TakeMarksBack(JobContext& context, const ConversationId& conversation) {
  if (context.in_flight().ahead.empty()) return;
  for (const MessageId& id : SendIdsOf(context.authored(), conversation)) {
    if (const auto send = FindSend(context.authored(), id)) TakeMarkBack(context, send->position);
  }
}

void TakeMarksBack(JobContext& context) {
  const std::vector<std::uint64_t> marked(context.in_flight().ahead.begin(),
                                          context.in_flight().ahead.end());
  for (const std::uint64_t position : marked) TakeMarkBack(context, position);
}

}  // namespace hark::store
