#include "daemon/store/apply_to_outbox.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/store/change_rows.h"
#include "daemon/store/marker_rows.h"
#include "daemon/store/marks_ahead.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

DeliveryFailure OvertakenBy(const Message& message) {
  if (message.deleted) return {"CONFLICT", "The message was deleted elsewhere.", false, {}};
  return {"CONFLICT", "The message was changed elsewhere first.", true, {}};
}

// Something is different about the entry and what is shown of its message.
void Note(JobContext& context, const OutboxEntry& entry) {
  context.changes().NoteOutbox(entry.position);
  if (entry.message.empty()) return;
  context.changes().NoteById(entry.message);
  context.Touch(entry.conversation);
}

// The entry is on its way, or not any more. Of several changes of a message only the last one's way
// is shown.
void NoteWay(JobContext& context, const OutboxEntry& entry) {
  if (entry.kind == OutboxKind::kEdit || entry.kind == OutboxKind::kDelete) {
    const std::vector<ChangeRow> changes = ListChanges(context.authored(), entry.message);
    if (changes.back().row.entry.position != entry.position) {
      context.changes().NoteOutbox(entry.position);
      return;
    }
  }
  Note(context, entry);
}

void LeaveConnection(JobContext& context, std::uint64_t position) {
  const InFlight& now = context.in_flight();
  if (now.sending.contains(position) || now.leaving.contains(position))
    context.ChangeInFlight().Erase(position);
}

void FailOne(JobContext& context, const OutboxEntry& entry, const DeliveryFailure& failure) {
  FailOutboxRow(context.WriteAuthored(), entry.position, failure);
  LeaveConnection(context, entry.position);
  Note(context, entry);
}

// The edits that waited for a send that failed become its content.
void FailSend(JobContext& context, const OutboxEntry& entry, const DeliveryFailure& failure) {
  for (const ChangeRow& change : ListChanges(context.authored(), entry.message)) {
    if (change.row.entry.kind == OutboxKind::kEdit) {
      RewriteSend(context.WriteAuthored(), entry.position, change.content);
      AddRewritten(context.WriteAuthored(), entry.message, context.clock().WallNow());
    }
    context.DropOutbox(change.row.entry.position);
  }
  FailOne(context, entry, failure);
}

// What the user did to the message after this edit, and what is still to leave of that.
struct Behind {
  std::optional<OutboxEntry> edit;  // The last one.
  bool deletion = false;
};

Behind WhatIsBehind(JobContext& context, const OutboxEntry& entry) {
  Behind behind;
  for (const ChangeRow& change : ListChanges(context.authored(), entry.message)) {
    const OutboxEntry& other = change.row.entry;
    if (other.position <= entry.position) continue;
    if (other.kind == OutboxKind::kEdit) {
      behind.edit = other;
    } else {
      behind.deletion = behind.deletion || !IsStopped(other.delivery);
    }
  }
  return behind;
}

// Of several edits the last is what the user wants: it takes the failure, and changes what this one
// would have. Nobody wants an edit of what is being deleted.
void FailEdit(JobContext& context, const OutboxEntry& entry, const DeliveryFailure& failure) {
  const Behind behind = WhatIsBehind(context, entry);
  if (!behind.edit && !behind.deletion) return FailOne(context, entry, failure);
  context.DropOutbox(entry.position);
  if (!behind.edit) return;
  if (behind.edit->base_revision == 0)
    RebaseEdit(context.WriteAuthored(), behind.edit->position, entry.base_revision);
  FailOne(context, *behind.edit, failure);
}

// False: it is not to stop yet. One that has left is asked again for as long as an edit waits
// behind it: whether the backend has it decides which revision that one changes.
bool StopsEdit(JobContext& context, const OutboxEntry& entry, const ExpireEntries& operation) {
  const Behind behind = WhatIsBehind(context, entry);
  if (behind.deletion) {
    context.DropOutbox(entry.position);
    return false;
  }
  const auto& too_old = operation.positions;
  if (!behind.edit || IsStopped(behind.edit->delivery) ||
      std::find(too_old.begin(), too_old.end(), behind.edit->position) != too_old.end()) {
    return true;
  }
  RequeueOutboxRow(context.WriteAuthored(), entry.position, behind.edit->submitted_at);
  context.changes().NoteOutbox(entry.position);
  return false;
}

// One edit against what the backend has. False: it stays as it is.
bool SettleEdit(JobContext& context, const ChangeRow& change, const Message& message) {
  const OutboxEntry& entry = change.row.entry;
  if (entry.delivery == Delivery::kFailed || entry.base_revision == 0 ||
      message.revision <= entry.base_revision) {
    return false;
  }
  // One that has expired can be put on top of another's edit, but not of a deletion.
  const bool expired = entry.delivery == Delivery::kExpired;
  if (expired ? message.deleted : !change.row.attempted) {
    FailEdit(context, entry, OvertakenBy(message));
    return true;
  }
  // It may be this very edit, or another: if it is not, the answer to the edit will say.
  if (!change.row.attempted || message.deleted || message.content != change.content) return false;
  context.DropOutbox(entry.position);
  context.changes().changes_settled = true;
  return true;
}

void SettleChanges(JobContext& context, const Message& message) {
  bool deletion_pending = false;
  bool settled = true;
  while (settled) {
    settled = false;
    deletion_pending = false;
    for (const ChangeRow& change : ListChanges(context.authored(), message.id)) {
      if (change.row.entry.kind == OutboxKind::kDelete) {
        deletion_pending = true;
        if (!message.deleted) continue;
        context.DropOutbox(change.row.entry.position);
        context.changes().changes_settled = true;
        settled = true;
      } else {
        settled = SettleEdit(context, change, message);
      }
      if (settled) break;  // What follows it may be different now.
    }
    if (settled) {
      context.changes().NoteById(message.id);
      context.Touch(message.conversation);
    }
  }
  RebaseWaiting(context, message.id, message.revision);
  if (message.deleted || deletion_pending || !FindCancelled(context.authored(), message.id)) return;
  context.changes().NoteOutbox(InsertDelete(context.WriteAuthored(), message.conversation,
                                            message.id, context.clock().WallNow()));
}

}  // namespace

void RebaseWaiting(JobContext& context, const MessageId& message, std::uint64_t revision) {
  bool is_first = true;
  for (const ChangeRow& change : ListChanges(context.authored(), message)) {
    const OutboxEntry& entry = change.row.entry;
    const bool waits = is_first || !IsStopped(entry.delivery);
    is_first = false;
    if (waits && entry.kind == OutboxKind::kEdit && entry.base_revision == 0) {
      RebaseEdit(context.WriteAuthored(), entry.position, revision);
      return Note(context, entry);
    }
    if (!IsStopped(entry.delivery)) return;
  }
}

bool SettleOutbox(JobContext& context, const Message& message) {
  if (!context.IsAnythingPending()) return false;
  if (const auto send = FindSend(context.authored(), message.id)) {
    context.SettleSend(send->position);
    context.changes().NoteById(message.id);
    context.Touch(message.conversation);
    // The edits that waited for it are of what was sent, whatever became of that meanwhile.
    RebaseWaiting(context, message.id, kFirstRevision);
  }
  // An older copy than the one here says nothing about changes.
  const auto place = FindMessagePlace(context.cache(), message.id);
  if (place && place->revision <= message.revision) SettleChanges(context, message);
  return true;
}

Result<void> ApplyToOutbox(JobContext& context, const AcknowledgeRead& operation) {
  if (operation.read_sequence > kMaxSequence)
    return Fail(ErrorCode::kInvalidArgument, "the read marker cannot be stored");
  const auto marker = FindMarker(context.authored(), operation.conversation);
  if (!marker) return {};
  // It may have gone back since.
  if (ConversationState* conversation = context.Find(operation.conversation)) {
    conversation->AdvanceRead(context.cache(),
                              std::min(operation.read_sequence, marker->read_sequence));
  }
  if (marker->read_sequence <= operation.read_sequence) context.SettleMarker(marker->position);
  return {};
}

Result<void> ApplyToOutbox(JobContext& context, const MarkSending& operation) {
  for (const std::uint64_t position : operation.positions) {
    const auto row = FindOutboxRow(context.authored(), position);
    if (!row || row->entry.delivery != Delivery::kQueued) continue;
    if (context.in_flight().sending.contains(position)) continue;
    if (!row->attempted && row->entry.kind != OutboxKind::kMarkRead)
      SetAttempted(context.WriteAuthored(), position, true);
    InFlight& in_flight = context.ChangeInFlight();
    in_flight.Erase(position);
    in_flight.sending.insert(position);
    NoteWay(context, row->entry);
  }
  return {};
}

Result<void> ApplyToOutbox(JobContext& context, const ConnectionLost&) {
  if (context.in_flight().empty()) return {};
  TakeMarksBack(context, std::nullopt);
  InFlight& in_flight = context.ChangeInFlight();
  const InFlight lost = std::exchange(in_flight, {});
  in_flight.settled = lost.settled;
  for (const auto* positions : {&lost.sending, &lost.leaving}) {
    for (const std::uint64_t position : *positions) {
      if (const auto row = FindOutboxRow(context.authored(), position))
        NoteWay(context, row->entry);
    }
  }
  return {};
}

Result<void> ApplyToOutbox(JobContext& context, const RequeueEntry& operation) {
  const auto row = FindOutboxRow(context.authored(), operation.position);
  if (!row || row->entry.delivery != Delivery::kQueued) return {};
  // A backend may have stored it and refused it all the same (docs/sync-protocol.md §11): that it
  // left stays on record, so that an edit does not change what may be there.
  InFlight& in_flight = context.ChangeInFlight();
  in_flight.sending.erase(operation.position);
  in_flight.leaving.insert(operation.position);
  NoteWay(context, row->entry);
  TakeMarksBack(context, row->entry.conversation);  // What is behind it waits too.
  return {};
}

Result<void> ApplyToOutbox(JobContext& context, const FailEntry& operation) {
  const auto row = FindOutboxRow(context.authored(), operation.position);
  if (!row) return {};
  switch (row->entry.kind) {
    case OutboxKind::kSend:
      FailSend(context, row->entry, operation.failure);
      TakeMarksBack(context, row->entry.conversation);  // What is behind it is parked.
      break;
    case OutboxKind::kEdit: FailEdit(context, row->entry, operation.failure); break;
    case OutboxKind::kDelete: FailOne(context, row->entry, operation.failure); break;
    case OutboxKind::kMarkRead: context.DropOutbox(operation.position); break;
  }
  return {};
}

Result<void> ApplyToOutbox(JobContext& context, const ExpireEntries& operation) {
  for (const std::uint64_t position : operation.positions) {
    const auto row = FindOutboxRow(context.authored(), position);
    if (!row || row->entry.delivery != Delivery::kQueued) continue;
    if (row->entry.kind != OutboxKind::kSend && row->entry.kind != OutboxKind::kEdit) continue;
    if (context.in_flight().sending.contains(position)) continue;
    if (row->entry.kind == OutboxKind::kEdit && !StopsEdit(context, row->entry, operation))
      continue;
    TakeMarkBack(context, position);
    ExpireOutboxRow(context.WriteAuthored(), position);
    LeaveConnection(context, position);
    Note(context, row->entry);
  }
  return {};
}

}  // namespace hark::store
