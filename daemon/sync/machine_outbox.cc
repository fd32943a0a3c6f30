// What the machine does with the outbox: knows it, sends it, and records what became of it.

#include <algorithm>
#include <utility>

#include "daemon/sync/delivery_failure.h"
#include "daemon/sync/machine.h"

namespace hark::sync {

// ---- Knowing it ----

void Machine::LoadOutboxAnew() {
  outbox_loaded_ = false;
  if (outbox_loading_) return;  // What changes until its answer is kept.
  outbox_loading_ = true;
  Do(LoadOutbox{});
}

void Machine::On(OutboxLoaded input) {
  if (!outbox_loading_) return;
  outbox_loading_ = false;
  outbox_loaded_ = true;
  outbox_.Load(input.outbox.entries);
  for (const OutboxChanged& change : std::exchange(outbox_waiting_, {})) {
    if (change.revision > input.outbox.revision)
      (void)outbox_.Change(change.entries, change.removed);
  }
  may_be_marked_ = may_be_marked_ || outbox_.HasOrphans();
  NoteWhatIsOlderThanTheStream();
}

void Machine::NoteWhatIsOlderThanTheStream() {
  if (!outbox_loaded_) return;
  if (!before_start_) before_start_ = outbox_.newest();
  if (std::exchange(stream_begins_, false)) before_stream_ = outbox_.newest();
}

// A repeated append is acknowledged as it was the first time, whatever happened to it since.
bool Machine::MayBeOutdated(const OutboxEntry& sent) const {
  return sent.position <= before_stream_ ||
         (sent.delivery == Delivery::kUnknown && sent.position <= before_start_.value_or(0));
}

void Machine::On(OutboxChanged input) {
  const bool known = outbox_loaded_;
  const bool news = known && outbox_.Change(input.entries, input.removed);
  may_be_marked_ = may_be_marked_ || outbox_.HasOrphans();
  if (!Established() && (news || !known)) {
    // A send that was stored as leaving while the connection ended is shown as QUEUED too.
    may_be_marked_ =
        may_be_marked_ ||
        std::any_of(input.entries.begin(), input.entries.end(), [](const OutboxEntry& entry) {
          return entry.kind == OutboxKind::kSend && entry.delivery == Delivery::kQueued;
        });
  }
  // Otherwise it is in what the next load will answer.
  if (news) reconnect_.UserActs(now_.mono);
  if (outbox_loading_) outbox_waiting_.push_back(std::move(input));
}

void Machine::LoseOutbox() {
  // Not of the series that may have failed with the connection.
  ++series_;
  connection_lost_committing_ = true;
  connection_lost_failed_ = false;
  may_be_marked_ = false;
  Commit({{store::ConnectionLost{}}}, PendingCommit{.connection_lost = true});
}

// ---- Sending it ----

void Machine::PumpOutbox() {
  const std::vector<std::uint64_t> expired = outbox_.TakeExpired(now_.wall);
  if (!expired.empty())
    Commit({{store::ExpireEntries{expired}}}, PendingCommit{.releases = expired});
  if (!Established()) {
    // Stored as leaving at once, while the connection was ending. Once for each time that the
    // outbox is heard of: the store's news of it may come a while later.
    const bool idle = phase_ == Phase::kWaiting || phase_ == Phase::kRefused;
    if (idle && !connection_lost_committing_ && !connection_lost_failed_ && may_be_marked_)
      LoseOutbox();
    return;
  }
  outbox_.WakePostponed(now_.mono);
  // A write moves the backend's log, perhaps past a cursor of before it went back: after a crash it
  // would look as if nothing had happened.
  if (forgetting_) return;
  store::MarkSending marks;
  PendingCommit then;
  while (InFlight() < peer_.in_flight && outbox_.HasReady()) {
    if (!SendNext(marks, then)) break;
  }
  if (!marks.positions.empty()) Commit({{std::move(marks)}}, std::move(then));
}

bool Machine::SendNext(store::MarkSending& marks, PendingCommit& then) {
  const transport::RequestId request = NewRequest();
  const std::optional<OutboxPolicy::Taken> taken = outbox_.Take(request);
  if (!taken) return false;
  const OutboxEntry& entry = taken->entry;
  if (entry.kind == OutboxKind::kMarkRead) {
    Ask(request, SendFrame{transport::MarkRead{request, entry.conversation, entry.read_sequence}});
  } else if ((entry.kind == OutboxKind::kEdit && !can_edit_) ||
             (entry.kind == OutboxKind::kDelete && !can_delete_)) {
    (void)outbox_.Answered(request);
    FailEntry(entry, FailureOf(entry.kind, transport::RefusedCode::kUnsupported, {}));
  } else if (taken->marked) {
    Ask(request, SendEntry{request, entry.position});
  } else {
    marks.positions.push_back(entry.position);
    then.sends.emplace_back(request, entry.position);
  }
  return true;
}

void Machine::On(EntryGone input) {
  answers_.Forget(input.request);
  (void)outbox_.Answered(input.request);
}

// ---- What became of it ----

void Machine::OnFrame(transport::Ack frame) {
  const std::optional<OutboxEntry> entry = outbox_.Answered(frame.request);
  if (!entry) return;
  const std::uint64_t position = entry->position;
  if (entry->kind == OutboxKind::kMarkRead) {
    Commit({{store::AcknowledgeRead{entry->conversation, entry->read_sequence}}},
           PendingCommit{.releases = {position}});
    return;
  }
  const bool is_of_another = !frame.message.empty() && frame.message != entry->message;
  if (is_of_another || frame.revision == 0 ||
      (entry->kind == OutboxKind::kSend && frame.sequence == 0)) {
    Reconnect("The server does not keep to the protocol.", {}, Trouble::kProtocol);
    return;
  }
  // What waits behind it may leave: its own mark is committed after this.
  outbox_.Done(position);
  if (entry->kind == OutboxKind::kSend) {
    const bool may_be_outdated = MayBeOutdated(*entry);
    plan_dirty_ = plan_dirty_ || may_be_outdated;
    // Whatever the backend says: a higher revision would hide what others made of it since.
    Commit({{store::AcknowledgeSend{entry->message, std::move(frame.server_id), frame.sequence,
                                    store::kFirstRevision, may_be_outdated}}});
  } else {
    Commit({{store::AcknowledgeChange{position, frame.revision}}});
  }
}

void Machine::OnEntryRefused(const OutboxEntry& entry, const transport::Refused& refused) {
  const std::uint64_t position = entry.position;
  if (transport::IsTransient(refused.code)) {
    outbox_.Postpone(position, refused.retry_after, now_.mono);
    if (entry.kind == OutboxKind::kMarkRead) {
      outbox_.Release(position);  // The store never knew that it left.
    } else {
      Commit({{store::RequeueEntry{position}}}, PendingCommit{.releases = {position}});
    }
  } else if (entry.kind == OutboxKind::kDelete &&
             refused.code == transport::RefusedCode::kNotFound) {
    outbox_.Done(position);
    Commit({{store::NothingToDelete{position}}});
  } else {
    FailEntry(entry, FailureOf(entry.kind, refused.code, refused.retry_after));
  }
}

void Machine::FailEntry(const OutboxEntry& entry, DeliveryFailure failure) {
  Commit({{store::FailEntry{entry.position, std::move(failure)}}},
         PendingCommit{.releases = {entry.position}});
}

}  // namespace hark::sync
