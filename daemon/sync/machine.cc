#include "daemon/sync/machine.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

// How long a backend may take to answer Hello.
constexpr std::chrono::seconds kHelloTimeout{10};
// How long requests may stay unanswered while the backend is otherwise alive.
constexpr std::chrono::seconds kAnswerTimeout{60};
// Commits that may wait for the writer before no more history is asked for.
constexpr std::size_t kCommitsPending = 2 * limits::kHistoryInFlight;

}  // namespace

Machine::Machine(MachineOptions options)
    : options_(std::move(options)),
      outbox_(options_.seed),
      backoff_(limits::kBackoffFirst, limits::kBackoffCap, options_.seed) {}

Actions Machine::Step(Input input, Moment now) {
  now_ = now;
  std::visit([this](auto&& event) { On(std::forward<decltype(event)>(event)); }, std::move(input));
  if (phase_ != Phase::kNew) {
    Pump();
    ShowStatus();
  }
  return std::exchange(actions_, {});
}

std::optional<Clock::Instant> Machine::NextDeadline() const {
  std::optional<Clock::Instant> earliest = hold_until_;
  const auto consider = [&](std::optional<Clock::Instant> at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  if (phase_ == Phase::kWaiting && commits_.empty()) consider(next_attempt_);
  if (phase_ == Phase::kConnecting && connected_) consider(hello_deadline_);
  if (Established()) {
    consider(last_received_ + heartbeat_ * (ping_sent_ ? 2 : 1));
    consider(outbox_.NextReady());
    if (InFlight() > 0) consider(last_answer_ + kAnswerTimeout);
  }
  return earliest;
}

// ---- Connection ----

void Machine::On(Started input) {
  stored_cursor_ = std::move(input.sync.cursor);
  initial_sync_done_ = input.sync.initial_sync_done;
  last_synced_at_ = input.sync.last_synced_at;
  active_ = ActiveSet(std::move(input.active));
  // What left before the last stop and was not answered: as good as not sent, since the backend
  // knows the id.
  Commit({{store::RequeueSending{}}});
  phase_ = Phase::kWaiting;
  next_attempt_ = now_.mono;
}

void Machine::Connect() {
  phase_ = Phase::kConnecting;
  connected_ = false;
  next_attempt_.reset();
  outbox_dirty_ = true;
  ++series_;
  Do(OpenConnection{});
}

void Machine::On(Connected) {
  if (phase_ != Phase::kConnecting) return;
  connected_ = true;
  last_received_ = now_.mono;
  hello_deadline_ = now_.mono + kHelloTimeout;
  Do(SendHello{stored_cursor_});
}

void Machine::On(Disconnected input) {
  if (phase_ == Phase::kNew || phase_ == Phase::kWaiting || phase_ == Phase::kRefused) return;
  connected_ = false;
  if (input.error.code == ErrorCode::kUnauthenticated) {
    OnSessionRefused({0, transport::RefusedCode::kUnauthenticated, input.error.message, {}});
    return;
  }
  Reconnect(input.error.message);
}

void Machine::Reconnect(std::string reason, Clock::Duration at_least) {
  if (connected_) Do(CloseConnection{});
  connected_ = false;
  if (Established()) {
    if (caught_up_)
      Commit({{store::SetSynced{last_synced_at_.value_or(now_.wall), initial_sync_done_}}});
    if (outbox_.ConnectionLost()) Commit({{store::RequeueSending{}}});
  }
  phase_ = Phase::kWaiting;
  caught_up_ = false;
  plan_dirty_ = true;
  list_request_ = 0;
  ping_sent_.reset();
  fetcher_.Clear();
  partials_.Clear();
  offline_reason_ = std::move(reason);
  next_attempt_ = now_.mono + backoff_.Next(at_least);
}

void Machine::On(SyncNowAsked) {
  if (phase_ == Phase::kWaiting) {
    backoff_.Reset();
    next_attempt_ = now_.mono;
  } else if (Established() && !ping_sent_) {
    ping_sent_ = now_.mono;
    Do(SendFrame{transport::Ping{1}});
    plan_dirty_ = true;
  }
}

void Machine::On(TimerFired) {
  if (phase_ == Phase::kConnecting && connected_ && hello_deadline_ <= now_.mono) {
    Reconnect("The server accepted the connection but does not answer.");
  } else if (Established()) {
    const auto silence = now_.mono - last_received_;
    if (InFlight() > 0 && now_.mono - last_answer_ >= kAnswerTimeout) {
      Reconnect("The server does not answer requests.");
    } else if (ping_sent_ && silence >= 2 * heartbeat_) {
      Reconnect("The server no longer answers.");
    } else if (!ping_sent_ && silence >= heartbeat_) {
      ping_sent_ = now_.mono;
      Do(SendFrame{transport::Ping{1}});
    }
  }
}

// ---- Store ----

void Machine::Commit(store::Batch batch, NewCursor cursor) {
  batch.series = series_;
  commits_.push_back(std::move(cursor));
  Do(CommitBatch{std::move(batch)});
}

void Machine::On(Committed) {
  if (commits_.empty()) return;
  NewCursor cursor = std::move(commits_.front());
  commits_.pop_front();
  if (cursor) stored_cursor_ = std::move(*cursor);
}

void Machine::On(CommitFailed input) {
  if (!commits_.empty()) commits_.pop_front();
  // What was received is not in the store. The store refuses the rest of the series, and the next
  // connection takes the stream up again from where the store stands.
  if (connected_)
    Reconnect("Messages could not be stored: " + input.error.message, limits::kBackoffFirst);
}

void Machine::On(LoadFailed input) {
  plan_loading_ = false;
  outbox_loading_ = false;
  if (connected_)
    Reconnect("The local store could not be read: " + input.error.message, limits::kBackoffFirst);
}

void Machine::On(PlanLoaded input) {
  plan_loading_ = false;
  if (phase_ != Phase::kRunning) return;
  fetcher_.SetPlan(std::move(input.plan));
}

void Machine::On(OutboxLoaded input) {
  outbox_loading_ = false;
  outbox_.Add(input.entries);
  // A full answer may not be all of it.
  if (!input.entries.empty()) outbox_dirty_ = true;
}

void Machine::On(OutboxChanged) {
  outbox_dirty_ = true;
}

// ---- What the user does ----

void Machine::On(Opened input) {
  const ActiveSet::Change change = active_.Touch(input.conversation);
  plan_dirty_ = true;
  if (!Established()) return;
  transport::Subscribe subscribe;
  if (change.added) subscribe.add.push_back(input.conversation);
  if (change.let_go) subscribe.remove.push_back(*change.let_go);
  if (change.added && active_.ids().size() > peer_.subscriptions) {
    subscribe.remove.push_back(active_.ids()[peer_.subscriptions]);
  }
  if (change.added || change.let_go) Do(SendFrame{std::move(subscribe)});
}

void Machine::On(FetchWanted input) {
  if (phase_ == Phase::kRunning)
    fetcher_.Want({input.gap.conversation, input.gap.from, input.gap.to, false});
}

// ---- Asking for more ----

std::size_t Machine::InFlight() const {
  return fetcher_.in_flight() + outbox_.in_flight() + (list_request_ == 0 ? 0 : 1);
}

transport::RequestId Machine::NewRequest() {
  if (InFlight() == 0) last_answer_ = now_.mono;
  return ++last_request_;
}

void Machine::Pump() {
  // Not before everything of the last connection is answered: only then is it known where the store
  // stands.
  if (phase_ == Phase::kWaiting && commits_.empty() && next_attempt_ && *next_attempt_ <= now_.mono)
    Connect();
  if (outbox_dirty_ && !outbox_loading_) {
    outbox_dirty_ = false;
    outbox_loading_ = true;
    Do(LoadOutbox{outbox_.last_position()});
  }
  if (!Established()) return;
  PumpOutbox();
  if (phase_ == Phase::kRunning) PumpFetches();
}

void Machine::PumpOutbox() {
  store::MarkSending sending;
  while (InFlight() < peer_.in_flight && outbox_.HasReady(now_.mono)) {
    const transport::RequestId request = NewRequest();
    const std::optional<OutboxEntry> entry = outbox_.Take(request, now_.mono);
    if (!entry) break;
    if (entry->kind == OutboxKind::kSend) {
      sending.ids.push_back(entry->message);
      Do(SendAppend{request, entry->message});
    } else {
      Do(SendFrame{transport::MarkRead{request, entry->conversation, entry->read_sequence}});
    }
  }
  if (!sending.ids.empty()) Commit({{std::move(sending)}});
}

void Machine::PumpFetches() {
  while (commits_.size() < kCommitsPending && InFlight() < peer_.in_flight && fetcher_.HasNext()) {
    const transport::RequestId request = NewRequest();
    std::optional<transport::GetHistory> ask =
        fetcher_.Next(request, std::min(peer_.page_size, limits::kPageSize));
    if (!ask) break;
    Do(SendFrame{std::move(*ask)});
  }
  // A plan is read only when nothing of the last one is under way, so that it never names a page
  // twice.
  if (fetcher_.Idle() && commits_.empty() && !plan_loading_) {
    if (plan_dirty_) {
      plan_dirty_ = false;
      plan_loading_ = true;
      Do(LoadPlan{active_.ids()});
    } else {
      MarkCaughtUp();
    }
  }
}

void Machine::MarkCaughtUp() {
  if (caught_up_ || stream_.position < head_) return;
  caught_up_ = true;
  initial_sync_done_ = true;
  last_synced_at_ = now_.wall;
  fetcher_.ResetProgress();
  Commit({{store::SetSynced{now_.wall, true}}});
}

// ---- Status ----

Status Machine::MakeStatus() const {
  Status status;
  status.last_synced_at = last_synced_at_;
  status.pending = static_cast<std::uint32_t>(outbox_.size());
  switch (phase_) {
    case Phase::kNew:
    case Phase::kConnecting: status.state = State::kConnecting; break;
    case Phase::kWaiting:
      // The very first attempt is only waiting for the store.
      status.state = offline_reason_.empty() ? State::kConnecting : State::kOffline;
      status.reason = offline_reason_;
      if (status.state == State::kOffline && next_attempt_)
        status.next_attempt_at = now_.wall + (*next_attempt_ - now_.mono);
      break;
    case Phase::kRefused:
      status.state = State::kAuthRequired;
      status.reason = offline_reason_;
      break;
    case Phase::kListing:
    case Phase::kRunning:
      status.state = caught_up_ ? State::kLive : State::kCatchingUp;
      if (!caught_up_) {
        status.done = fetcher_.done();
        status.total = fetcher_.total();
        status.initial = !initial_sync_done_;
      }
      break;
  }
  return status;
}

void Machine::ShowStatus() {
  // An interruption shorter than this is not shown at all.
  constexpr std::chrono::milliseconds kBlip{300};
  Status status = MakeStatus();
  // An attempt after a failure is still "offline" for a person, until it succeeds.
  if (status.state == State::kConnecting && !offline_reason_.empty()) {
    status.state = State::kOffline;
    status.reason = offline_reason_;
  }
  if (shown_.state == State::kLive && status.state != State::kLive &&
      status.state != State::kAuthRequired) {
    if (!hold_until_) hold_until_ = now_.mono + kBlip;
    if (now_.mono < *hold_until_) return;
  }
  hold_until_.reset();
  // While live, the time of the last sync is now: not worth an event for each frame.
  if (status.state == State::kLive && shown_.state == State::kLive)
    status.last_synced_at = shown_.last_synced_at;
  status.since = status.state == shown_.state ? shown_.since : now_.wall;
  if (status == shown_) return;
  shown_ = status;
  Do(Publish{std::move(status)});
}

}  // namespace hark::sync
