#include "daemon/store/user_jobs.h"

#include <utility>
#include <variant>

#include "daemon/base/limits.h"
#include "daemon/store/apply_operation.h"
#include "daemon/store/batch_bytes.h"
#include "daemon/store/job_context.h"
#include "daemon/store/marker_rows.h"
#include "daemon/store/marks_ahead.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

tl::unexpected<Error> NoConversation() {
  return Fail(ErrorCode::kNotFound, "no such conversation");
}

// What a sync brings by the thousand.
bool IsFetched(const Operation& operation) {
  return std::holds_alternative<ApplyHistory>(operation) ||
         std::holds_alternative<ApplySummary>(operation);
}

// Whether `a` is `b` sent again. "text/plain" is what an empty type means.
bool IsSameSend(const Message& a, const Message& b) {
  const auto type = [](const Message& message) {
    return message.content_type == "text/plain" ? std::string() : message.content_type;
  };
  if (a.conversation != b.conversation) return false;
  // What was sent cannot be known any more once it was edited or deleted.
  if (b.deleted || b.edited_at || b.change) return true;
  return a.content == b.content && type(a) == type(b) && a.metadata == b.metadata;
}

}  // namespace

ApplyJob::ApplyJob(Batch batch, FailedSeries& failed_series, Writer::Done<LocalRevision> done)
    : batch_(std::make_shared<Batch>(std::move(batch))),
      failed_series_(failed_series),
      done_(std::move(done)),
      weight_(BytesOf(*batch_)) {
  for (const Operation& operation : batch_->operations)
    shares_fate_ = shares_fate_ && IsFetched(operation);
}

Result<void> ApplyJob::Run(JobContext& context) {
  if (failed_series_.Contains(batch_->series)) {
    return Fail(ErrorCode::kCancelled, "an earlier batch of the series failed");
  }
  for (Operation& operation : batch_->operations) {
    if (auto applied = ApplyOperation(context, {batch_, &operation}); !applied) return applied;
  }
  return {};
}

void ApplyJob::Undone() {
  failed_series_.Add(batch_->series);
}

void ApplyJob::Answer(Result<LocalRevision> result) {
  if (!result) failed_series_.Add(batch_->series);
  done_(std::move(result));
}

EnqueueSendJob::EnqueueSendJob(NewMessage message, Writer::Done<Message> done)
    : message_(std::move(message.message)),
      leaves_now_(message.leaves_now),
      done_(std::move(done)) {
  message_.sequence = 0;
  message_.revision = 0;
  message_.server_id.clear();
  message_.edited_at.reset();
  message_.deleted = false;
  message_.delivery = Delivery::kQueued;
  message_.failure.reset();
  message_.change.reset();
  if (message_.role == Role::kUnspecified) message_.role = Role::kUser;
}

Result<void> EnqueueSendJob::Run(JobContext& context) {
  if (message_.id.empty() || message_.id.value().size() > limits::kIdBytes) {
    return Fail(ErrorCode::kInvalidArgument, "the message has no usable id");
  }
  if (auto known = FindMerged(context.View(), message_.id)) {
    const auto pending = FindSend(context.authored(), message_.id);
    const bool rewritten = IsRewritten(context.authored(), message_.id);
    if (!(rewritten && known->conversation == message_.conversation) &&
        !IsSameSend(message_, *known)) {
      return Fail(ErrorCode::kConflict, "another message has this id");
    }
    stored_ = std::move(known);
    if (!context.is_rerun()) return {};
    if (pending) context.changes().NoteOutbox(pending->position);
  } else {
    if (auto stored = Insert(context); !stored) return stored;
  }
  context.changes().NoteById(message_.id);
  context.Touch(message_.conversation);
  return {};
}

Result<void> EnqueueSendJob::Insert(JobContext& context) {
  if (context.Find(message_.conversation) == nullptr) return NoConversation();
  if (FindCancelled(context.authored(), message_.id))
    return Fail(ErrorCode::kConflict, "the message with this id was cancelled");
  if (!HasOutboxRoom(context.authored())) {
    return Fail(ErrorCode::kResourceExhausted, "too many messages are waiting to be sent");
  }
  const WallTime now = context.clock().WallNow();
  if (message_.created_at == WallTime{}) message_.created_at = now;
  const bool leaves = leaves_now_ && LeavesSoon(context, message_.conversation);
  const std::uint64_t position =
      InsertSend(context.WriteAuthored(), PendingSend{0, message_, leaves, false, now});
  if (leaves) NoteMarkedAhead(context, position);
  context.SomethingIsPending();
  context.changes().NoteOutbox(position);
  stored_ = message_;
  return {};
}

void EnqueueSendJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(*std::move(stored_));
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

std::size_t EnqueueSendJob::Weight() const {
  return message_.content.size() + 64;
}

MarkReadJob::MarkReadJob(ReadMark mark, Writer::Done<Conversation> done)
    : mark_(std::move(mark)), done_(std::move(done)) {}

Result<Sequence> MarkReadJob::Target(JobContext& context, std::int64_t conversation) const {
  if (!mark_.up_to) return HighestSequence(context.cache(), conversation);
  if (const auto place = FindMessagePlace(context.cache(), *mark_.up_to)) {
    if (place->conversation == conversation) return place->sequence;
  } else if (const auto send = FindSend(context.authored(), *mark_.up_to)) {
    // Pending messages come after everything in the cache.
    if (send->message.conversation == mark_.conversation)
      return HighestSequence(context.cache(), conversation);
  }
  return Fail(ErrorCode::kNotFound, "no such message in this conversation");
}

Result<void> MarkReadJob::Run(JobContext& context) {
  ConversationState* conversation = context.Find(mark_.conversation);
  if (conversation == nullptr) return NoConversation();
  const std::int64_t key = conversation->row().key;
  const auto target = Target(context, key);
  if (!target) return tl::unexpected<Error>(target.error());
  const auto marker = FindMarker(context.authored(), mark_.conversation);
  if (*target > conversation->row().read_sequence) {
    conversation->AdvanceRead(context.cache(), *target);
    const Sequence told = conversation->ToldAsRead(*target);
    if (!marker || marker->read_sequence < told) context.TellRead(mark_.conversation, told);
  }
  if (context.is_rerun() && marker) context.changes().NoteOutbox(marker->position);
  context.Save();
  const auto row = FindConversation(context.cache(), mark_.conversation);
  const MergedView view = context.View();
  stored_ = MergeConversation(view, *row, IsActive(view, row->id), CountPending(view, row->id));
  return {};
}

void MarkReadJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(*std::move(stored_));
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

RecordOpenJob::RecordOpenJob(ConversationId conversation, WallTime at,
                             Writer::Done<LocalRevision> done)
    : conversation_(std::move(conversation)), at_(at), done_(std::move(done)) {}

Result<void> RecordOpenJob::Run(JobContext& context) {
  if (context.Find(conversation_) == nullptr) return NoConversation();
  if (ReadOpened(context.authored(), conversation_) == at_ && !context.is_rerun()) return {};
  WriteOpened(context.WriteAuthored(), conversation_, at_);
  context.Touch(conversation_);
  return {};
}

void RecordOpenJob::Answer(Result<LocalRevision> result) {
  done_(std::move(result));
}

}  // namespace hark::store
