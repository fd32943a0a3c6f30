// The sync protocol as a pure state machine: no sockets, no timers, no database, no clock. The
// engine feeds it what happened and carries out what it answers with (machine_io.h).
//
//   machine.cc          connection, status, what the user does
//   machine_frames.cc   frames of the backend
//   machine_store.cc    commits, and fetching what is missing
//   machine_outbox.cc   the outbox

#ifndef HARK_DAEMON_SYNC_MACHINE_H_
#define HARK_DAEMON_SYNC_MACHINE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/model/outbox.h"
#include "daemon/store/writer.h"
#include "daemon/sync/active_set.h"
#include "daemon/sync/answer_watch.h"
#include "daemon/sync/fetcher.h"
#include "daemon/sync/machine_io.h"
#include "daemon/sync/outbox_policy.h"
#include "daemon/sync/partial_texts.h"
#include "daemon/sync/reconnect_policy.h"
#include "daemon/sync/status.h"
#include "daemon/sync/token_renewal.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

struct MachineOptions {
  UserId user;             // Whose store this is; a Welcome for another is refused.
  std::uint64_t seed = 0;  // Makes the jitter reproducible.
  // How long sends and edits are tried by themselves.
  std::chrono::milliseconds outbox_age = limits::kOutboxAge;
};

// What the store's cursor will be once a batch is committed, if the batch changes it.
using NewCursor = std::optional<std::optional<SyncCursor>>;
// A batch that the store has not answered, and what follows from its commit.
struct PendingCommit {
  NewCursor cursor = {};
  std::vector<std::pair<transport::RequestId, std::uint64_t>> sends = {};  // May leave then.
  std::vector<std::uint64_t> releases =
      {};                            // Entries of the outbox that the store then decides on.
  transport::RequestId history = 0;  // The answer to this request,
  std::vector<ConversationId> history_of = {};  // which had pages of these conversations.
  std::vector<ConversationId> gaps = {};        // To be looked at in those that are active.
  bool connection_lost = false;
};

// Not thread-safe.
class Machine {
 public:
  explicit Machine(MachineOptions options);

  // Total: every input in every state has a defined answer.
  [[nodiscard]] Actions Step(Input input, Moment now);

  // When Step(TimerFired) is due; absent: nothing to wait for.
  [[nodiscard]] std::optional<Clock::Instant> NextDeadline() const;

  // There is a connection that a send could leave on.
  [[nodiscard]] bool Established() const {
    return phase_ == Phase::kListing || phase_ == Phase::kRunning;
  }

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
  void On(NotSent input);
  void On(Committed input);
  void On(CommitFailed input);
  void On(PlanLoaded input);
  void On(GapsLoaded input);
  void On(OutboxLoaded input);
  void On(LoadFailed input);
  void On(OutboxChanged input);
  void On(EntryGone input);
  void On(Opened input);
  void On(FetchWanted input);
  void On(SyncNowAsked input);
  void On(WorldChanged input);
  void On(TimerFired input);

  void OnFrame(transport::Welcome frame);
  void OnFrame(transport::ConversationPage frame);
  void OnFrame(transport::History frame);
  void OnFrame(transport::Histories frame);
  void OnFrame(transport::Changes frame);
  void OnFrame(transport::Ack frame);
  void OnFrame(transport::Refused frame);
  void OnFrame(transport::Typing frame);
  void OnFrame(transport::Partial frame);
  void OnFrame(transport::TokenRenewed frame);
  void OnFrame(transport::Pong frame);
  void OnFrame(transport::GoingAway frame);
  void OnFrame(transport::UnknownFrame frame);

  // Gives up the present connection and tries again after the backoff, not sooner than `at_least`.
  void Reconnect(std::string reason, Clock::Duration at_least = Clock::Duration{0},
                 Trouble trouble = Trouble::kNone);
  void Connect();
  // A ping that has to be answered soon.
  void CheckConnection();
  void OnSessionRefused(const transport::Refused& refused);
  void OnRequestRefused(const transport::Refused& refused);
  void AskForConversations(std::string page_token);
  // The backend says that it has no such conversation.
  void GiveUp(ConversationId conversation);
  [[nodiscard]] bool IsSubscribed(const ConversationId& conversation) const;
  void SubscribeAtOnce();
  // Heard of in this order. One frame at most, however many there are.
  void SubscribeTo(const std::vector<ConversationId>& conversations);

  void Commit(store::Batch batch, PendingCommit then = {});
  // Asks for whatever may be asked for now: plan, history, sends.
  void Pump();
  void PumpFetches();
  [[nodiscard]] bool MayPlan() const;
  // Another plan is read then at the latest.
  void PlanWithin(Clock::Duration time);
  void AskForGaps(const ConversationId& conversation);
  void MarkCaughtUp();

  void LoadOutboxAnew();
  void NoteWhatIsOlderThanTheStream();
  [[nodiscard]] bool MayBeOutdated(const OutboxEntry& sent) const;
  // What may have left is unknown now, and what was to leave has not.
  void LoseOutbox();
  void PumpOutbox();
  // Takes one entry and starts it on its way; a batch of marks is filled on the way.
  bool SendNext(store::MarkSending& marks, PendingCommit& then);
  void OnEntryRefused(const OutboxEntry& entry, const transport::Refused& refused);
  void FailEntry(const OutboxEntry& entry, DeliveryFailure failure);

  void ShowStatus();
  [[nodiscard]] Status MakeStatus() const;
  [[nodiscard]] std::size_t InFlight() const;
  [[nodiscard]] bool IsUnderWay(transport::RequestId request) const;
  [[nodiscard]] transport::RequestId NewRequest() { return ++last_request_; }
  // Does what makes the request leave.
  void Ask(transport::RequestId request, Action action);
  void Do(Action action) { actions_.push_back(std::move(action)); }

  const MachineOptions options_;

  // Of the Step under way.
  Moment now_{};
  Actions actions_;

  // What lasts over connections.
  Phase phase_ = Phase::kNew;
  std::optional<SyncCursor> stored_cursor_;                   // What is committed.
  std::unordered_map<std::uint64_t, PendingCommit> commits_;  // Not answered yet, by number.
  std::uint64_t last_commit_ = 0;
  std::uint64_t series_ = 1;  // Of batches that build on each other.
  bool initial_sync_done_ = false;
  std::optional<WallTime> last_synced_at_;
  ActiveSet active_;
  ReconnectPolicy reconnect_;
  std::string offline_reason_;
  Trouble trouble_ = Trouble::kNone;
  transport::RequestId last_request_ = 0;

  // The outbox: loaded whole, then kept by what each commit made of it.
  OutboxPolicy outbox_;
  bool outbox_loaded_ = false;
  bool outbox_loading_ = false;
  std::vector<OutboxChanged> outbox_waiting_;  // Came before the load's answer.
  bool connection_lost_committing_ = false;
  bool connection_lost_failed_ = false;  // To be committed again before the next attempt.
  bool may_be_marked_ = false;  // Something was stored, perhaps as leaving, with no connection.
  // What happened at the backend to the messages of entries up to here, if they had arrived, may
  // never be told: entries of when the change stream was begun anew, and of before this object.
  OutboxPolicy::Position before_stream_ = 0;
  std::optional<OutboxPolicy::Position> before_start_;
  bool stream_begins_ = false;  // Until the outbox is loaded.

  // Of the present connection.
  transport::PeerLimits peer_;
  bool can_edit_ = false;
  bool can_delete_ = false;
  TokenRenewal renewal_;
  std::chrono::milliseconds heartbeat_{0};
  SyncCursor stream_;       // The end of what was received of the change stream.
  std::uint64_t head_ = 0;  // The end of the log at Welcome.
  transport::RequestId list_request_ = 0;
  std::string list_token_;                  // Of the page that was asked for last.
  std::uint32_t empty_pages_ = 0;           // In a row.
  std::vector<ConversationId> subscribed_;  // Most recent first.
  Fetcher fetcher_;
  AnswerWatch answers_;
  PartialTexts partials_;
  bool plan_loading_ = false;
  bool plan_dirty_ = true;
  std::optional<Clock::Instant> plan_again_at_;
  // Being looked at; true: what was stored meanwhile makes a second look necessary.
  std::map<ConversationId, bool> gaps_loading_;
  bool forgetting_ = false;  // The cursor, which the store still has.
  bool caught_up_ = false;
  bool connected_ = false;  // Connected was fed, Disconnected not.
  Clock::Instant attempt_at_{};
  Clock::Instant last_received_{};
  Clock::Instant hello_deadline_{};
  std::optional<Clock::Instant> ping_sent_;
  Clock::Instant last_check_{};
  std::optional<Clock::Instant> check_deadline_;  // The ping is to be answered until then.

  // What was shown last, and since when something else is true.
  Status shown_;
  std::optional<Clock::Instant> hold_until_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_MACHINE_H_
