// What the sync machine hears (inputs) and what it answers with (actions).

#ifndef HARK_DAEMON_SYNC_MACHINE_IO_H_
#define HARK_DAEMON_SYNC_MACHINE_IO_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/outbox.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/status.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// ---- What happened ----

// First, once: what the store holds.
struct Started {
  store::SyncState sync;
  std::vector<ConversationId> active;  // Most recently opened first.
  std::uint64_t messages = 0;          // In the cache; counts while the initial sync is not done.
};
struct Connected {};
// An attempt failed, or the connection ended.
struct Disconnected {
  Error error;
};
struct Received {
  transport::ServerFrame frame;
};
// The frame with this request is over a limit of the backend, and did not leave.
struct NotSent {
  transport::RequestId request = 0;
};
// A CommitBatch is done. What it made of the outbox was told by OutboxChanged before.
struct Committed {
  std::uint64_t number = 0;
};
struct CommitFailed {
  std::uint64_t number = 0;
  Error error;
};
struct PlanLoaded {
  store::FetchPlan plan;
};
struct GapsLoaded {
  ConversationId conversation;
  std::vector<store::FetchItem> items;  // Newest first.
};
struct OutboxLoaded {
  store::OutboxState outbox;
};
// The store could not be read.
struct LoadFailed {
  enum class What : std::uint8_t { kPlan, kGaps, kOutbox, kEntry };
  What what = What::kEntry;
  Error error;
};
// What one commit, anybody's, made of the outbox. In the order of commits.
struct OutboxChanged {
  LocalRevision revision = 0;
  std::vector<OutboxEntry> entries;
  std::vector<std::uint64_t> removed;
};
// The entry of a SendEntry is gone: nothing was sent.
struct EntryGone {
  transport::RequestId request = 0;
};
struct Opened {
  ConversationId conversation;
};
struct FetchWanted {
  Gap gap;
};
struct SyncNowAsked {};
// The machine has other addresses or routes than before, or slept: a connection may be dead, an
// attempt may succeed now.
struct WorldChanged {};
// NextDeadline() has come.
struct TimerFired {};

using Input =
    std::variant<Started, Connected, Disconnected, Received, NotSent, Committed, CommitFailed,
                 PlanLoaded, GapsLoaded, OutboxLoaded, LoadFailed, OutboxChanged, EntryGone, Opened,
                 FetchWanted, SyncNowAsked, WorldChanged, TimerFired>;

// ---- What to do ----

struct OpenConnection {};
// Drops the connection, or the attempt. No Disconnected follows.
struct CloseConnection {};
// The driver adds the token and the names.
struct SendHello {
  std::optional<SyncCursor> cursor;
};
struct SendFrame {
  transport::ClientFrame frame;
};
// The driver reads the entry from the store and sends Append, Edit or Delete; EntryGone if it is
// not there any more.
struct SendEntry {
  transport::RequestId request = 0;
  std::uint64_t position = 0;
};
// In the order given, but for those in the background; each is answered by Committed or
// CommitFailed.
struct CommitBatch {
  std::uint64_t number = 0;  // Counts up.
  store::Batch batch;
};
// Answered by PlanLoaded or LoadFailed; reads after all commits before it.
struct LoadPlan {
  std::vector<ConversationId> active;
};
// What is missing of one conversation. Answered by GapsLoaded or LoadFailed.
struct LoadGaps {
  ConversationId conversation;
};
// Answered by OutboxLoaded or LoadFailed.
struct LoadOutbox {};
struct Publish {
  Status status;
};
struct PublishEphemeral {
  bus::Ephemeral ephemeral;
};
struct SaveToken {
  Secret token;
};

using Action =
    std::variant<OpenConnection, CloseConnection, SendHello, SendFrame, SendEntry, CommitBatch,
                 LoadPlan, LoadGaps, LoadOutbox, Publish, PublishEphemeral, SaveToken>;
using Actions = std::vector<Action>;

// When something happened, on both clocks.
struct Moment {
  Clock::Instant mono;
  WallTime wall;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_MACHINE_IO_H_
