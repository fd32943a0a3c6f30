#include "daemon/store/message_actions.h"

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/apply_to_outbox.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/marks_ahead.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

tl::unexpected<Error> NoMessage() {
  return Fail(ErrorCode::kNotFound, "no such message in this conversation");
}
tl::unexpected<Error> DoesNotFit(const char* why) {
  return Fail(ErrorCode::kPrecondition, why);
}

Result<void> CheckRoom(JobContext& context) {
  if (HasOutboxRoom(context.authored())) return {};
  return Fail(ErrorCode::kResourceExhausted, "too much is waiting to be sent");
}

// May be changed or dropped: it has not left, or is not tried any more.
bool IsStillHere(const ChangeRow& change) {
  return !change.row.attempted || IsStopped(change.row.entry.delivery);
}

bool IsChanged(JobContext& context, const MessageAction& action) {
  const auto changes = ListChanges(context.authored(), action.message);
  return !changes.empty() && changes.front().row.entry.conversation == action.conversation;
}

// Of one that is not here, its id and what waits of it.
Message Shown(JobContext& context, const MessageAction& action) {
  context.Save();
  if (auto shown = FindMerged(context.View(), action.message)) return *std::move(shown);
  Message unknown;
  unknown.id = action.message;
  unknown.conversation = action.conversation;
  ShowChanges(context.View(), unknown);
  return unknown;
}

void Note(JobContext& context, const MessageAction& action) {
  context.changes().NoteById(action.message);
  context.Touch(action.conversation);
}

// Of a send that was withdrawn when it had left already: the backend has refused to delete it, and
// the user leaves it at that.
bool GivesUpDeletion(JobContext& context, const MessageAction& action) {
  const auto changes = ListChanges(context.authored(), action.message);
  if (changes.empty() || !IsStopped(changes.front().row.entry.delivery)) return false;
  for (const ChangeRow& change : changes) context.DropOutbox(change.row.entry.position);
  return true;
}

// What is done to a message whose send is still in the outbox.
class SendActions {
 public:
  SendActions(JobContext& context, const MessageAction& action, PendingSend send)
      : context_(context), action_(action), send_(std::move(send)) {
    send_.attempted = MayHaveLeft(context_, send_.position, send_.attempted);
  }

  Result<Message> operator()(const EditMessage& edit) {
    if (!send_.attempted) {
      Rewrite(edit.content);
    } else if (auto waiting = Wait(edit.content); !waiting) {
      return tl::unexpected<Error>(std::move(waiting.error()));
    }
    if (IsStopped(send_.message.delivery)) Requeue(edit.content);
    context_.changes().NoteOutbox(send_.position);
    return Done();
  }

  Result<Message> operator()(const DeleteMessage&) { return (*this)(CancelMessage{}); }

  Result<Message> operator()(const RetryMessage&) {
    if (!IsStopped(send_.message.delivery)) return Done();
    Requeue(std::nullopt);
    return Done();
  }

  Result<Message> operator()(const SkipMessage&) {
    if (send_.message.delivery != Delivery::kFailed || send_.skipped) return Done();
    SkipSend(context_.WriteAuthored(), send_.position);
    context_.changes().NoteOutbox(send_.position);
    return Done();
  }

  Result<Message> operator()(const CancelMessage&) {
    const WallTime now = context_.clock().WallNow();
    for (const ChangeRow& change : ListChanges(context_.authored(), action_.message))
      context_.DropOutbox(change.row.entry.position);
    context_.DropOutbox(send_.position);
    AddCancelled(context_.WriteAuthored(), action_.message, action_.conversation, now);
    if (send_.attempted) {
      // The backend may have it already, or get it yet.
      context_.changes().NoteOutbox(
          InsertDelete(context_.WriteAuthored(), action_.conversation, action_.message, now));
    }
    context_.changes().NoteRemoved(action_.conversation, action_.message);
    context_.Touch(action_.conversation);
    send_.message.delivery = Delivery::kCancelled;
    send_.message.failure.reset();
    return std::move(send_.message);
  }

 private:
  void Rewrite(const std::string& content) {
    RewriteSend(context_.WriteAuthored(), send_.position, content);
    AddRewritten(context_.WriteAuthored(), action_.message, context_.clock().WallNow());
  }

  // The edit waits for the send's acknowledgement; only the last one counts.
  Result<void> Wait(const std::string& content) {
    const auto changes = ListChanges(context_.authored(), action_.message);
    // After a loss of power, the edit may have left too.
    if (!changes.empty() && !changes.back().row.attempted) {
      RewriteEdit(context_.WriteAuthored(), changes.back().row.entry.position, content);
      context_.changes().NoteOutbox(changes.back().row.entry.position);
      return {};
    }
    if (auto room = CheckRoom(context_); !room) return room;
    context_.changes().NoteOutbox(InsertEdit(context_.WriteAuthored(), action_.conversation,
                                             action_.message, content, 0,
                                             context_.clock().WallNow()));
    return {};
  }

  // In its old place; at the end of the queue if later ones may have passed it. With the change
  // that waits for it.
  void Requeue(const std::optional<std::string>& content) {
    const WallTime now = context_.clock().WallNow();
    for (const ChangeRow& change : ListChanges(context_.authored(), action_.message)) {
      if (!IsStopped(change.row.entry.delivery)) continue;
      RequeueOutboxRow(context_.WriteAuthored(), change.row.entry.position, now);
      context_.changes().NoteOutbox(change.row.entry.position);
    }
    if (!send_.skipped && send_.message.delivery == Delivery::kFailed) {
      RequeueOutboxRow(context_.WriteAuthored(), send_.position, now);
      context_.changes().NoteOutbox(send_.position);
      return;
    }
    context_.DropOutbox(send_.position);
    send_.skipped = false;
    send_.submitted_at = now;
    send_.message.delivery = Delivery::kQueued;
    send_.message.failure.reset();
    if (content && !send_.attempted) {
      send_.message.content = *content;
    }
    send_.position = InsertSend(context_.WriteAuthored(), send_);
    context_.changes().NoteOutbox(send_.position);
  }

  Result<Message> Done() {
    Note(context_, action_);
    return Shown(context_, action_);
  }

  JobContext& context_;
  const MessageAction& action_;
  PendingSend send_;
};

// What is done to a message that the backend has. Without a place the message is not here: its
// changes can be retried and given up.
class ChangeActions {
 public:
  ChangeActions(JobContext& context, const MessageAction& action, std::optional<MessagePlace> place)
      : context_(context),
        action_(action),
        place_(place),
        changes_(ListChanges(context.authored(), action.message)) {}

  Result<Message> operator()(const EditMessage& edit) {
    Message shown = Shown(context_, action_);
    if (shown.deleted) return DoesNotFit("the message is deleted");
    const bool stopped = shown.change && IsStopped(shown.change->delivery);
    if (shown.content == edit.content && !stopped) return shown;
    if (MayHaveArrived()) {
      AskAgain();
      if (changes_.front().content == edit.content) {
        DropWhatIsStillHere();
        return Done();
      }
    }
    DropWhatIsStillHere();
    if (auto room = CheckRoom(context_); !room)
      return tl::unexpected<Error>(std::move(room.error()));
    // Behind another edit that is under way, its own base is known when that is acknowledged.
    const std::uint64_t base = changes_.empty() && place_ ? place_->revision : 0;
    context_.changes().NoteOutbox(InsertEdit(context_.WriteAuthored(), action_.conversation,
                                             action_.message, edit.content, base,
                                             context_.clock().WallNow()));
    return Done();
  }

  Result<Message> operator()(const DeleteMessage&) {
    Message shown = Shown(context_, action_);
    if (shown.deleted) return shown;
    DropWhatIsStillHere();
    if (auto room = CheckRoom(context_); !room)
      return tl::unexpected<Error>(std::move(room.error()));
    context_.changes().NoteOutbox(InsertDelete(context_.WriteAuthored(), action_.conversation,
                                               action_.message, context_.clock().WallNow()));
    return Done();
  }

  Result<Message> operator()(const RetryMessage&) {
    const bool asks_again = MayHaveArrived();
    if (asks_again) AskAgain();
    for (const ChangeRow& change : changes_) {
      const OutboxEntry& entry = change.row.entry;
      if (!IsStopped(entry.delivery)) continue;
      const bool edits = entry.kind == OutboxKind::kEdit;
      // Nothing to edit any more.
      if (place_ && place_->deleted && edits) continue;
      context_.changes().NoteOutbox(entry.position);
      if (edits && entry.position != changes_.back().row.entry.position) {
        context_.DropOutbox(entry.position);  // The last one is what the user wants.
        continue;
      }
      RequeueOutboxRow(context_.WriteAuthored(), entry.position, context_.clock().WallNow());
      SetAttempted(context_.WriteAuthored(), entry.position, false);
      if (edits && (asks_again || place_)) {
        RebaseEdit(context_.WriteAuthored(), entry.position, asks_again ? 0 : place_->revision);
      }
    }
    if (place_) RebaseWaiting(context_, action_.message, place_->revision);
    return Done();
  }

  Result<Message> operator()(const SkipMessage&) { return Done(); }

  Result<Message> operator()(const CancelMessage&) {
    // A repetition, of a send that reached the backend before it could be withdrawn: its deletion
    // is not what is withdrawn now.
    if (FindCancelled(context_.authored(), action_.message)) {
      if (!GivesUpDeletion(context_, action_)) return Shown(context_, action_);
      RemoveCancelled(context_.WriteAuthored(), action_.message);  // It is a message as others are.
      return Done();
    }
    if (changes_.empty())
      return DoesNotFit("the message is at the server already: delete it instead");
    const bool under_way = !IsStillHere(changes_.back());
    if (under_way) return DoesNotFit("the change is under way: edit the message again instead");
    DropWhatIsStillHere();
    return Done();
  }

 private:
  // The first edit left, and has expired without an answer, and what the backend has now was not
  // heard either.
  [[nodiscard]] bool MayHaveArrived() const {
    if (changes_.empty()) return false;
    const OutboxRow& first = changes_.front().row;
    return first.entry.kind == OutboxKind::kEdit && first.entry.delivery == Delivery::kExpired &&
           first.attempted &&
           (!place_ || (!place_->deleted && place_->revision == first.entry.base_revision));
  }

  // Under way again, as it was, with whatever follows behind it: made anew on the same revision, it
  // would conflict with itself.
  void AskAgain() {
    OutboxEntry& first = changes_.front().row.entry;
    RequeueOutboxRow(context_.WriteAuthored(), first.position, context_.clock().WallNow());
    first.delivery = Delivery::kQueued;
    context_.changes().NoteOutbox(first.position);
  }

  void DropWhatIsStillHere() {
    while (!changes_.empty() && IsStillHere(changes_.back())) {
      context_.DropOutbox(changes_.back().row.entry.position);
      changes_.pop_back();
    }
  }

  Result<Message> Done() {
    context_.SomethingIsPending();
    Note(context_, action_);
    return Shown(context_, action_);
  }

  JobContext& context_;
  const MessageAction& action_;
  std::optional<MessagePlace> place_;
  std::vector<ChangeRow> changes_;
};

}  // namespace

Result<Message> DoAction(JobContext& context, const MessageAction& action) {
  const ConversationState* conversation = context.Find(action.conversation);
  if (conversation == nullptr) return NoMessage();
  if (const auto place = FindMessagePlace(context.cache(), action.message)) {
    if (place->conversation != conversation->row().key) return NoMessage();
    return std::visit(ChangeActions(context, action, place), action.what);
  }
  if (auto send = FindSend(context.authored(), action.message)) {
    if (send->message.conversation != action.conversation) return NoMessage();
    return std::visit(SendActions(context, action, *std::move(send)), action.what);
  }
  const bool cancels = std::holds_alternative<CancelMessage>(action.what);
  const bool withdraws = cancels || std::holds_alternative<DeleteMessage>(action.what);
  if (!withdraws || FindCancelled(context.authored(), action.message) != action.conversation) {
    // The cache lost the message, and the backend has it no more: the change is all there is.
    const bool is_lost = (cancels || std::holds_alternative<RetryMessage>(action.what) ||
                          std::holds_alternative<SkipMessage>(action.what)) &&
                         IsChanged(context, action);
    if (!is_lost) return NoMessage();
    return std::visit(ChangeActions(context, action, std::nullopt), action.what);
  }
  if (context.is_rerun()) context.changes().NoteRemoved(action.conversation, action.message);
  if (cancels) (void)GivesUpDeletion(context, action);
  Message gone;
  gone.id = action.message;
  gone.conversation = action.conversation;
  gone.delivery = Delivery::kCancelled;
  return gone;
}

}  // namespace hark::store
