// The sync protocol as a pure state machine: no sockets, no timers, no database, no clock. The
// engine feeds it what happened and carries out what it answers with.

#ifndef HARK_DAEMON_SYNC_MACHINE_H_
#define HARK_DAEMON_SYNC_MACHINE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/outbox.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/active_set.h"
#include "daemon/sync/backoff.h"
#include "daemon/sync/fetcher.h"
#include "daemon/sync/outbox_policy.h"
#include "daemon/sync/partial_texts.h"
#include "daemon/sync/status.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// ---- What happened ----

// First, once: what the store holds.
struct Started {
  store::SyncState sync;
  std::vector<ConversationId> active;  // Most recently opened first.
};
struct Connected {};
// An attempt failed, or the connection ended.
struct Disconnected {
  Error error;
};
struct Received {
  transport::ServerFrame frame;
};
// The oldest CommitBatch that was not answered yet is committed.
struct Committed {};
struct CommitFailed {
  Error error;
};
struct PlanLoaded {
  store::FetchPlan plan;
};
struct OutboxLoaded {
  std::vector<OutboxEntry> entries;
};
// LoadPlan or LoadOutbox failed.
struct LoadFailed {
  Error error;
};
// A commit of somebody else's touched the outbox.
struct OutboxChanged {};
struct Opened {
  ConversationId conversation;
};
struct FetchWanted {
  Gap gap;
};
struct SyncNowAsked {};
// NextDeadline() has come.
struct TimerFired {};

using Input = std::variant<Started, Connected, Disconnected, Received, Committed, CommitFailed,
                           PlanLoaded, OutboxLoaded, LoadFailed, OutboxChanged, Opened, FetchWanted,
                           SyncNowAsked, TimerFired>;

// ---- What to do ----

struct OpenConnection {};
// Drops the connection. No Disconnected follows.
struct CloseConnection {};
// The driver adds the token and the names.
struct SendHello {
  std::optional<SyncCursor> cursor;
};
struct SendFrame {
  transport::ClientFrame frame;
};
// The driver reads the message from the store and sends it.
struct SendAppend {
  transport::RequestId request = 0;
  MessageId message;
};
// In the order given; each is answered by Committed or CommitFailed.
struct CommitBatch {
  store::Batch batch;
};
// Answered by PlanLoaded or LoadFailed; reads after all commits before it.
struct LoadPlan {
  std::vector<ConversationId> active;
};
// Answered by OutboxLoaded or LoadFailed.
struct LoadOutbox {
  std::uint64_t after_position = 0;
};
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
    std::variant<OpenConnection, CloseConnection, SendHello, SendFrame, SendAppend, CommitBatch,
                 LoadPlan, LoadOutbox, Publish, PublishEphemeral, SaveToken>;
using Actions = std::vector<Action>;

// When something happened, on both clocks.
struct Moment {
  Clock::Instant mono;
  WallTime wall;
};

struct MachineOptions {
  UserId user;             // Whose store this is; a Welcome for another is refused.
  std::uint64_t seed = 0;  // Makes the jitter reproducible.
};

// Not thread-safe.
class Machine {
 public:
  explicit Machine(MachineOptions options);

  // Total: every input in every state has a defined answer.
  [[nodiscard]] Actions Step(Input input, Moment now);

  // When Step(TimerFired) is due; absent: nothing to wait for.
  [[nodiscard]] std::optional<Clock::Instant> NextDeadline() const;

 private:
  enum class Phase : std::uint8_t {
    kNew,         // Before Started.
    kWaiting,     // For the next attempt.
    kConnecting,  // Until Welcome.
    kListing,     // Conversation pages are coming.
    kRunning,     // Changes, history, sends.
    kRefused,     // The token is refused: only a new sign-in helps.
  };

  void On(Started input);
  void On(Connected input);
  void On(Disconnected input);
  void On(Received input);
  void On(Committed input);
  void On(CommitFailed input);
  void On(PlanLoaded input);
  void On(OutboxLoaded input);
  void On(LoadFailed input);
  void On(OutboxChanged input);
  void On(Opened input);
  void On(FetchWanted input);
  void On(SyncNowAsked input);
  void On(TimerFired input);

  void OnFrame(transport::Welcome frame);
  void OnFrame(transport::ConversationPage frame);
  void OnFrame(transport::History frame);
  void OnFrame(transport::Changes frame);
  void OnFrame(transport::Ack frame);
  void OnFrame(transport::Refused frame);
  void OnFrame(transport::Typing frame);
  void OnFrame(transport::Partial frame);
  void OnFrame(transport::TokenRenewed frame);
  void OnFrame(transport::Pong frame);
  void OnFrame(transport::GoingAway frame);
  void OnFrame(transport::UnknownFrame frame);

  void OnSendRefused(const OutboxEntry& entry, const transport::Refused& refused);
  void OnSessionRefused(const transport::Refused& refused);

  // Gives up the present connection and tries again after the backoff, not sooner than `at_least`.
  void Reconnect(std::string reason, Clock::Duration at_least = Clock::Duration{0});
  void Connect();
  void AskForConversations(std::string page_token);
  void SubscribeTo(const std::vector<ConversationId>& conversations);
  // `cursor`: what the store's cursor will be once this is committed, if the batch changes it.
  using NewCursor = std::optional<std::optional<SyncCursor>>;
  void Commit(store::Batch batch, NewCursor cursor = std::nullopt);
  // Asks for whatever may be asked for now: plan, history, sends.
  void Pump();
  void PumpFetches();
  void PumpOutbox();
  void MarkCaughtUp();
  void ShowStatus();
  [[nodiscard]] Status MakeStatus() const;
  [[nodiscard]] bool Established() const {
    return phase_ == Phase::kListing || phase_ == Phase::kRunning;
  }
  [[nodiscard]] std::size_t InFlight() const;
  [[nodiscard]] transport::RequestId NewRequest();
  void Do(Action action) { actions_.push_back(std::move(action)); }

  const MachineOptions options_;

  // Of the Step under way.
  Moment now_{};
  Actions actions_;

  // What lasts over connections.
  Phase phase_ = Phase::kNew;
  std::optional<SyncCursor> stored_cursor_;  // What is committed.
  std::deque<NewCursor> commits_;            // Not answered yet, oldest first.
  std::uint64_t series_ = 1;  // Of batches that build on each other: one per connection.
  bool initial_sync_done_ = false;
  std::optional<WallTime> last_synced_at_;
  ActiveSet active_;
  OutboxPolicy outbox_;
  Backoff backoff_;
  std::string offline_reason_;
  std::optional<Clock::Instant> next_attempt_;
  bool outbox_loading_ = false;
  bool outbox_dirty_ = true;
  transport::RequestId last_request_ = 0;

  // Of the present connection.
  transport::PeerLimits peer_;
  std::chrono::milliseconds heartbeat_{0};
  SyncCursor stream_;       // The end of what was received of the change stream.
  std::uint64_t head_ = 0;  // The end of the log at Welcome.
  transport::RequestId list_request_ = 0;
  Fetcher fetcher_;
  PartialTexts partials_;
  bool plan_loading_ = false;
  bool plan_dirty_ = true;
  bool caught_up_ = false;
  bool connected_ = false;  // Connected was fed, Disconnected not.
  Clock::Instant last_received_{};
  Clock::Instant hello_deadline_{};
  std::optional<Clock::Instant> ping_sent_;
  Clock::Instant
      last_answer_{};  // To a request; or when the first of the unanswered ones was made.

  // What was shown last, and since when something else is true.
  Status shown_;
  std::optional<Clock::Instant> hold_until_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_MACHINE_H_
