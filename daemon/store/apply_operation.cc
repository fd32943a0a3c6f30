#include "daemon/store/apply_operation.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "daemon/base/limits.h"
#include "daemon/store/apply_to_outbox.h"
#include "daemon/store/change_rows.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {
namespace {

bool IsUsable(const ConversationId& id) {
  return !id.empty() && id.value().size() <= limits::kIdBytes;
}
bool IsUsable(const MessageId& id) {
  return !id.empty() && id.value().size() <= limits::kIdBytes;
}
bool IsUsable(Sequence sequence) {
  return sequence <= kMaxSequence;
}

bool IsUsable(const Message& message) {
  return IsUsable(message.id) && IsUsable(message.conversation) && message.sequence > 0 &&
         IsUsable(message.sequence) && message.revision <= kMaxRevision;
}

tl::unexpected<Error> Unusable() {
  return Fail(ErrorCode::kInvalidArgument,
              "the backend sent an id, sequence or revision that cannot be stored");
}

// As the reader will show it.
void MakeStored(Message& message) {
  message.delivery = Delivery::kSent;
  message.failure.reset();
  if (message.deleted) message.content.clear();
}

// Whether the row, which has this id and place, is to become `message`. At the same revision too:
// an acknowledgement does not tell everything, so what was stored with it may differ in what the
// backend decides. Not for the time of a change made here: that alone is worth no second update.
bool IsNews(JobContext& context, const MessagePlace& old, const Message& message) {
  if (message.revision != old.revision) return message.revision > old.revision;
  auto here = FindMessage(context.cache(), message.id);
  if (!here) return false;
  here->edited_at = message.edited_at;
  return *here != message;
}

// `newest_before`: last_sequence before the page that it came in.
void StoreMessage(JobContext& context, ConversationState& conversation,
                  std::shared_ptr<Message> shared, Sequence newest_before) {
  Message& message = *shared;
  MakeStored(message);
  const bool is_new = InsertMessage(context.WriteCache(), conversation.row().key, message);
  if (is_new) {
    conversation.NoticeNumber(context.cache(), message);
    conversation.CountChange(std::nullopt, shared, newest_before);
  } else {
    const auto old = FindMessagePlace(context.cache(), message.id);
    // A deletion is final: one that is told at a lower revision is of a backend that was restored
    // from a copy.
    if (old && message.deleted) message.revision = std::max(message.revision, old->revision);
    // An id of another conversation is the backend's mistake: the first one stays.
    if (!old || old->conversation != conversation.row().key || !IsNews(context, *old, message)) {
      SettleOutbox(context, message);
      if (context.is_rerun()) context.changes().NoteById(message.id);
      ++context.changes().unchanged;
      return;
    }
    UpdateMessage(context.WriteCache(), old->key, message);
    conversation.CountChange(old, shared, newest_before);
  }
  if (SettleOutbox(context, message)) {
    context.changes().NoteById(message.id);
  } else if (is_new) {
    context.changes().NoteInserted(std::move(shared));
  } else {
    context.changes().Note(std::move(shared));
  }
}

void StoreOne(JobContext& context, std::shared_ptr<Message> message) {
  ConversationState& conversation = context.FindOrCreate(message->conversation);
  const Sequence newest_before = conversation.row().last_sequence;
  const Sequence sequence = message->sequence;
  conversation.Extend(sequence, sequence);
  conversation.Close(sequence, sequence);
  StoreMessage(context, conversation, std::move(message), newest_before);
}

Result<void> Do(JobContext& context, const ApplySummary& operation) {
  const ConversationSummary& summary = operation.summary;
  if (!IsUsable(summary.id) || !IsUsable(summary.last_sequence) ||
      !IsUsable(summary.read_sequence) || !IsUsable(summary.message_count) ||
      !IsUsable(summary.unread_count)) {
    return Unusable();
  }
  context.TakeSummary(summary, operation.gap_reason);
  return {};
}

Result<void> Do(JobContext& context, const std::shared_ptr<ApplyMessage>& operation) {
  if (!IsUsable(operation->message)) return Unusable();
  StoreOne(context, {operation, &operation->message});
  return {};
}

// The sequences that a page speaks for: what it says, and at least what it has.
SequenceRange RangeOf(const ApplyHistory& page) {
  SequenceRange range{page.from, page.to};
  for (const Message& message : page.messages) {
    range.from = range.from == 0 ? message.sequence : std::min(range.from, message.sequence);
    range.to = std::max(range.to, message.sequence);
  }
  return range;
}

Result<void> Do(JobContext& context, const std::shared_ptr<ApplyHistory>& operation) {
  ApplyHistory& page = *operation;
  const auto usable = [&page](const Message& message) {
    return IsUsable(message) && message.conversation == page.conversation;
  };
  if (!IsUsable(page.conversation) || !IsUsable(page.from) || !IsUsable(page.to) ||
      !IsUsable(page.asked_from) || !IsUsable(page.asked_to) || page.from > page.to ||
      page.asked_from > page.asked_to ||
      !std::all_of(page.messages.begin(), page.messages.end(), usable)) {
    return Unusable();
  }
  ConversationState& conversation = context.FindOrCreate(page.conversation);
  const SequenceRange range = RangeOf(page);
  const Sequence newest_before = conversation.row().last_sequence;
  const bool beside = page.asked_from > 0 &&
                      (range.from == 0 || range.from > page.asked_to || range.to < page.asked_from);
  if (range.from > 0) {
    conversation.Extend(range.from, range.to);
    conversation.Close(range.from, range.to);
  }
  for (Message& message : page.messages)
    StoreMessage(context, conversation, {operation, &message}, newest_before);
  const Sequence above = std::max(page.asked_from, range.to + 1);
  if (range.from == 0) {
    conversation.Close(above, page.asked_to);
  } else if (page.ends_there) {
    conversation.EndAt(above - 1, page.asked_to);
  } else {
    conversation.CloseForgotten(above, page.asked_to);
  }

  // Pages come newest first: what lies above the page and was asked for has been compared as far as
  // it can be, unless the backend says itself that it has more.
  const Sequence compared_from = beside || range.from == 0 ? page.asked_from : range.from;
  const bool says_more = range.from > 0 && conversation.row().summary_sequence > range.to;
  if (says_more) {
    conversation.EndComparing(page.asked_to);
    conversation.Compared(compared_from, range.to);
  } else {
    conversation.Compared(compared_from, std::max(range.to, page.asked_to));
  }
  return {};
}

Result<void> Do(JobContext& context, const NoSuchConversation& operation) {
  if (ConversationState* const conversation = context.Find(operation.conversation))
    conversation->GiveUp();
  return {};
}

Result<void> Do(JobContext& context, const AcknowledgeSend& operation) {
  if (operation.sequence == 0 || !IsUsable(operation.sequence) || operation.revision > kMaxRevision)
    return Unusable();
  auto send = FindSend(context.authored(), operation.id);
  if (!send) {
    // A change told of it before, or the user withdrew it, or this job is run again: then an edit
    // may still wait for it.
    RebaseWaiting(context, operation.id, operation.revision);
    return {};
  }
  Message message = std::move(send->message);
  message.server_id = operation.server_id;
  message.sequence = operation.sequence;
  message.revision = operation.revision;
  if (operation.may_be_outdated)
    context.FindOrCreate(message.conversation).CompareAgain(operation.sequence);
  StoreOne(context, std::make_shared<Message>(std::move(message)));
  return {};
}

Result<void> Do(JobContext& context, const AcknowledgeChange& operation) {
  if (operation.revision == 0 || operation.revision > kMaxRevision) return Unusable();
  const auto change = FindChange(context.authored(), operation.position);
  if (!change) return {};
  std::optional<Message> message = FindMessage(context.cache(), change->row.entry.message);
  context.DropOutbox(operation.position);
  context.changes().changes_settled = true;
  context.changes().NoteById(change->row.entry.message);
  context.Touch(change->row.entry.conversation);
  // What is here may be newer already, which the edit behind this one does not know.
  RebaseWaiting(context, change->row.entry.message, operation.revision);
  if (!message) return {};  // It is fetched when somebody wants to see it.
  // Of a backend that was restored from a copy, the revision may be one that it had before. What
  // was deleted is so all the same.
  const bool deletes = change->row.entry.kind == OutboxKind::kDelete;
  message->deleted = message->deleted || deletes;
  if (message->revision < operation.revision) {
    message->revision = operation.revision;
    message->edited_at = change->row.entry.submitted_at;
    if (!message->deleted) message->content = change->content;
  }
  StoreOne(context, std::make_shared<Message>(*std::move(message)));
  return {};
}

// What is here of the message is deleted all the same: the backend has forgotten it, the user has
// not.
Result<void> Do(JobContext& context, const NothingToDelete& operation) {
  const auto row = FindOutboxRow(context.authored(), operation.position);
  if (!row || row->entry.kind != OutboxKind::kDelete) return {};
  std::optional<Message> message = FindMessage(context.cache(), row->entry.message);
  context.DropOutbox(operation.position);
  context.changes().changes_settled = true;
  context.changes().NoteById(row->entry.message);
  context.Touch(row->entry.conversation);
  if (!message) return {};
  message->deleted = true;
  StoreOne(context, std::make_shared<Message>(*std::move(message)));
  return {};
}

Result<void> Do(JobContext& context, const SetCursor& operation) {
  if (operation.cursor.position > static_cast<std::uint64_t>(INT64_MAX)) return Unusable();
  WriteCursor(context.WriteCache(), operation.cursor);
  return {};
}

Result<void> Do(JobContext& context, const BeginReconcile&) {
  context.Save();  // What the batch did to conversations so far comes first.
  WriteCursor(context.WriteCache(), std::nullopt);
  MarkAllForRefresh(context.WriteCache());
  context.changes().missing = 0;
  context.changes().missing_summed = true;
  return {};
}

Result<void> Do(JobContext& context, const SetSynced& operation) {
  WriteSynced(context.WriteCache(), operation.at, operation.initial_sync_done);
  return {};
}

}  // namespace

Result<void> ApplyOperation(JobContext& context, const std::shared_ptr<Operation>& operation) {
  return std::visit(
      [&]<typename Typed>(Typed& typed) -> Result<void> {
        if constexpr (requires { ApplyToOutbox(context, typed); }) {
          return ApplyToOutbox(context, typed);
        } else if constexpr (requires { Do(context, typed); }) {
          return Do(context, typed);
        } else {
          return Do(context, std::shared_ptr<Typed>(operation, &typed));
        }
      },
      *operation);
}

}  // namespace hark::store
