// The write side of the store. Whatever is called together is applied in order by one thread; what
// waits at the same time shares a transaction (group commit), yet each call fails or succeeds by
// itself.

#ifndef HARK_DAEMON_STORE_WRITER_H_
#define HARK_DAEMON_STORE_WRITER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/model/message_action.h"

namespace hark::store {

// ---- What the backend said. Applying any of these twice, or in another order, ends in the same
// rows. ----

// A conversation's summary. Sequences that it tells of and that are not here become a gap with
// `gap_reason`. Never removes a row, never moves the read marker or last_sequence back. Of a
// summary that knows of fewer messages than an earlier one, only the title counts, and only if it
// is of the stream of changes (kLimited), which is in order.
struct ApplySummary {
  ConversationSummary summary;
  GapReason gap_reason = GapReason::kLimited;
};

// One message as it is at the backend now. Wins if its revision is higher than the one here. If its
// id is in the outbox, that send is done. A pending edit of an older revision has lost (kFailed,
// CONFLICT), unless it is this very edit, which is then done. A message that was cancelled here is
// to be deleted. A hole that it leaves before itself becomes a gap (kLimited). An unknown
// conversation is created.
struct ApplyMessage {
  Message message;
};

// A page of history: applies the messages, then closes gaps and refresh marks in [from, to].
struct ApplyHistory {
  ConversationId conversation;
  std::vector<Message> messages;
  Sequence from = 0;  // Both included; both 0: the backend has nothing there.
  Sequence to = 0;
  // What was asked for. It is closed if the backend has nothing there, and above `to` if the
  // backend was restored from a copy that ends there.
  Sequence asked_from = 0;
  Sequence asked_to = 0;
  // The backend has said again that the conversation ends at `to`: what was asked for above it is
  // not there.
  bool ends_there = false;
};

// Of a message that the backend has just accepted (docs/sync-protocol.md §8).
inline constexpr std::uint64_t kFirstRevision = 1;

// The backend has this send (Append was acknowledged): the message moves from the outbox to the
// cache.
struct AcknowledgeSend {
  MessageId id;
  std::string server_id;
  Sequence sequence = 0;
  std::uint64_t revision = 0;
  // The backend had it before, and may have told of a change of it when this device did not hear
  // it: the conversation is compared with the backend again.
  bool may_be_outdated = false;
};

// The backend has this edit or deletion: the message gets the revision, and the entry is done.
// An edit that waits behind it now changes this revision.
struct AcknowledgeChange {
  std::uint64_t position = 0;
  std::uint64_t revision = 0;
};

// The backend does not have the message that was to be deleted. What is here of it is a tombstone.
struct NothingToDelete {
  std::uint64_t position = 0;
};

// The backend has the read marker up to here.
struct AcknowledgeRead {
  ConversationId conversation;
  Sequence read_sequence = 0;
};

// ---- What the sync engine records. ----

// These entries of the outbox are about to leave this machine: shown as kSending, and durably known
// to have left, so that a later edit or cancel never takes them for unsent. Committed before the
// first byte leaves. Positions that are gone are skipped.
struct MarkSending {
  std::vector<std::uint64_t> positions;
};

// No connection any more: everything kSending is kUnknown.
struct ConnectionLost {};

// Refused for now: kQueued again.
struct RequeueEntry {
  std::uint64_t position = 0;
};

// Refused for good: shown as kFailed. A send holds back the conversation's later ones; what waited
// for this send is folded into it (an edit) or ends with it (a delete). A read marker is given up.
struct FailEntry {
  std::uint64_t position = 0;
  DeliveryFailure failure;
};

// Too old to be sent by itself: shown as kExpired, content kept. Markers and deletions do not
// expire.
struct ExpireEntries {
  std::vector<std::uint64_t> positions;
};

// Where the backend's stream stands once everything before this in the batch is applied.
struct SetCursor {
  SyncCursor cursor;
};

// The cursor is of no use (too old, other epoch): marks every row as to be compared again; removes
// nothing.
struct BeginReconcile {};

// The backend answers that it has no such conversation. Believed if the list of the last reconcile
// did not name it: then it is neither compared nor fetched any more. Its messages stay.
struct NoSuchConversation {
  ConversationId conversation;
};

// The cache equals the backend as of `at`.
struct SetSynced {
  WallTime at{};
  bool initial_sync_done = false;
};

using Operation = std::variant<ApplySummary, ApplyMessage, ApplyHistory, AcknowledgeSend,
                               AcknowledgeChange, NothingToDelete, AcknowledgeRead, MarkSending,
                               ConnectionLost, RequeueEntry, FailEntry, ExpireEntries, SetCursor,
                               BeginReconcile, NoSuchConversation, SetSynced>;

// Where a batch stands among what waits: what may go ahead is done before what may wait. Each keep
// their order among themselves, and nothing goes ahead of what has its place.
enum class Order : std::uint8_t { kInPlace, kMayWait, kMayGoAhead };

// Operations that become visible together or not at all, in order.
struct Batch {
  std::vector<Operation> operations;
  // Batches of one series build on each other: once one has failed, the later ones of that series
  // fail with kCancelled, so that a cursor is never stored over a hole. A higher series starts
  // afresh. 0: of no series.
  std::uint64_t series = 0;
  // kMayWait: nobody waits for it. kMayGoAhead: it ends in the same rows before such a one as after
  // it, and may be answered before it.
  Order order = Order::kInPlace;
};

// ---- What the user does. Each is on disk (fsynced, synchronous=FULL) before it is answered
// (guarantee G2). ----

// A message to send. `message.id` is set; sequence, revision and delivery are ignored.
struct NewMessage {
  Message message;
  // There is a connection: it will leave at once, or right behind those of its conversation that
  // are on their way. Saves the sync with which that is recorded (marks_ahead.h).
  bool leaves_now = false;
};

// Moves the read marker forward, here at once, at the backend through the outbox.
struct ReadMark {
  ConversationId conversation;
  std::optional<MessageId> up_to;  // Absent: everything in the cache.
};

// Safe to call from any thread; never blocks. `done` is called exactly once, on the writer's
// thread, after the commit (and after the commit was announced, but for EnqueueSend, where somebody
// waits), or at once from the caller's thread when the queue is full (kResourceExhausted) or the
// store is closing (kCancelled). It must not block.
//
// On error nothing of that call was applied. kResourceExhausted (queue, outbox or disk full) is
// worth repeating later; kCorrupt is not.
class Writer {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  // Answers the revision of the commit that made it visible.
  virtual void Apply(Batch batch, Done<LocalRevision> done) = 0;

  // Answers the message as stored. The same id with the same conversation, content, type and
  // metadata: the message as it is now, wherever it is on its way. Otherwise kConflict. kNotFound:
  // unknown conversation. kResourceExhausted: outbox full.
  virtual void EnqueueSend(NewMessage message, Done<Message> done) = 0;

  // Answers the message as it is shown afterwards; kCancelled is the delivery of one that is gone.
  // Repeating an action is safe. kNotFound: no such message in that conversation. kPrecondition:
  // the action does not fit its state (proto/hark/v1/messages.proto says which).
  // kResourceExhausted: outbox full.
  virtual void Act(MessageAction action, Done<Message> done) = 0;

  // RetryMessage for everything kFailed or kExpired, of one conversation or of all. Answers how
  // many. kNotFound.
  virtual void RetryAll(std::optional<ConversationId> conversation, Done<std::uint32_t> done) = 0;

  // Answers the conversation as it is afterwards. kNotFound: unknown conversation, or no such
  // message in it.
  virtual void MarkRead(ReadMark mark, Done<Conversation> done) = 0;

  // Records that a UI had the conversation open at `at`; it counts as active for
  // limits::kActiveFor. kNotFound.
  virtual void RecordOpen(ConversationId conversation, WallTime at, Done<LocalRevision> done) = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WRITER_H_
