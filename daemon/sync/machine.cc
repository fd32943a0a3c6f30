#include "daemon/sync/machine.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

// How long a backend may take to answer Hello.
constexpr std::chrono::seconds kHelloTimeout{10};
// How long a ping may stay unanswered when there is a reason to doubt the connection, and how often
// it may be doubted.
constexpr std::chrono::seconds kCheckTimeout{3};
constexpr std::chrono::seconds kBetweenChecks{1};
// Progress alone is shown in so many steps: each is an event for every client, and a bar moves no
// finer.
constexpr std::uint64_t kProgressSteps = 250;
// What is due later than this is looked at again by then.
constexpr std::chrono::hours kLongestWait{24};
// An attempt older than this when the network changes is given up: it was made on another network.
constexpr std::chrono::seconds kStaleAttempt{1};

// Whether `now` is `shown` a little further on.
bool IsSmallStep(const Status& shown, const Status& now) {
  if (now.done < shown.done || now.done == now.total) return false;
  Status same = now;
  same.done = shown.done;
  return same == shown && now.done - shown.done < now.total / kProgressSteps;
}

}  // namespace

Machine::Machine(MachineOptions options)
    : options_(std::move(options)),
      reconnect_(options_.seed),
      outbox_(options_.seed, options_.outbox_age) {}

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
  if (phase_ == Phase::kWaiting && commits_.empty()) consider(reconnect_.next());
  if (phase_ == Phase::kConnecting && connected_) consider(hello_deadline_);
  if (Established()) {
    consider(last_received_ + heartbeat_ * (ping_sent_ ? 2 : 1));
    consider(outbox_.NextReady());
    consider(partials_.NextDue());
    consider(check_deadline_);
    consider(answers_.Deadline());
    if (MayPlan() && !plan_dirty_) consider(plan_again_at_);
  }
  // By the wall clock, which may be set: looked at anew after each step.
  const std::optional<WallTime> expiry = outbox_.NextExpiry();
  if (expiry && outbox_loaded_) consider(now_.mono + (*expiry - now_.wall));
  // A token may live for centuries: more than a timer can count.
  if (const std::optional<WallTime> renewal = renewal_.next(); renewal && Established()) {
    const Clock::Duration due = *renewal - now_.wall;
    consider(now_.mono + std::min<Clock::Duration>(due, kLongestWait));
  }
  return earliest;
}

// ---- Connection ----

void Machine::On(Started input) {
  if (phase_ != Phase::kNew) return;
  stored_cursor_ = std::move(input.sync.cursor);
  initial_sync_done_ = input.sync.initial_sync_done;
  last_synced_at_ = input.sync.last_synced_at;
  active_ = ActiveSet(std::move(input.active));
  if (!initial_sync_done_) fetcher_.ResumeProgress(input.messages);
  // What left before the last stop and was not answered.
  LoseOutbox();
  LoadOutboxAnew();
  phase_ = Phase::kWaiting;
  reconnect_.Start(now_.mono);
}

void Machine::Connect() {
  phase_ = Phase::kConnecting;
  connected_ = false;
  attempt_at_ = now_.mono;
  reconnect_.Attempting(now_.mono);
  ++series_;
  LoadOutboxAnew();
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
    OnSessionRefused(
        {0, transport::RefusedCode::kUnauthenticated, std::move(input.error.message), {}});
    return;
  }
  Reconnect(std::move(input.error.message), input.error.retry_after, input.error.trouble);
}

void Machine::Reconnect(std::string reason, Clock::Duration at_least, Trouble trouble) {
  if (connected_) Do(CloseConnection{});
  connected_ = false;
  if (Established()) {
    if (caught_up_)
      Commit({{store::SetSynced{last_synced_at_.value_or(now_.wall), initial_sync_done_}}});
    outbox_.ConnectionLost();
    // The store knows what is on the way, also what was stored as leaving and is not known here.
    LoseOutbox();
  }
  phase_ = Phase::kWaiting;
  caught_up_ = false;
  forgetting_ = false;
  plan_dirty_ = true;
  renewal_.End();
  gaps_loading_.clear();
  subscribed_.clear();
  list_request_ = 0;
  ping_sent_.reset();
  check_deadline_.reset();
  answers_.Clear();
  fetcher_.Clear();
  partials_.Clear();
  offline_reason_ = std::move(reason);
  trouble_ = trouble;
  reconnect_.Ended(now_.mono, std::min<Clock::Duration>(at_least, limits::kRetryAfterMost));
}

void Machine::CheckConnection() {
  if (check_deadline_ || now_.mono - last_check_ < kBetweenChecks) return;
  last_check_ = now_.mono;
  check_deadline_ = now_.mono + kCheckTimeout;
  if (ping_sent_) return;
  ping_sent_ = now_.mono;
  Do(SendFrame{transport::Ping{1}});
}

void Machine::On(SyncNowAsked) {
  reconnect_.UserAsks(now_.mono);
  // There is no next attempt that would do it.
  if (phase_ == Phase::kRefused && connection_lost_failed_) LoseOutbox();
  if (!Established()) return;
  CheckConnection();
  outbox_.WakeAll();
  plan_dirty_ = true;
}

void Machine::On(WorldChanged) {
  if (Established()) {
    CheckConnection();
  } else if (phase_ == Phase::kConnecting && connected_) {
    hello_deadline_ = std::min<Clock::Instant>(hello_deadline_, now_.mono + kCheckTimeout);
  } else if (phase_ == Phase::kConnecting && now_.mono - attempt_at_ >= kStaleAttempt &&
             reconnect_.MayWake(now_.mono)) {
    Do(CloseConnection{});
    Reconnect("The network has changed.");
    reconnect_.WorldChanged(now_.mono);
  } else {
    reconnect_.WorldChanged(now_.mono);
  }
}

void Machine::On(TimerFired) {
  if (phase_ == Phase::kConnecting && connected_ && hello_deadline_ <= now_.mono) {
    Reconnect("The server accepted the connection but does not answer.", {}, Trouble::kTimeout);
  } else if (Established()) {
    const auto silence = now_.mono - last_received_;
    if (const auto late = answers_.Deadline(); late && *late <= now_.mono) {
      Reconnect("The server does not answer requests.", {}, Trouble::kTimeout);
    } else if (check_deadline_ && *check_deadline_ <= now_.mono) {
      Reconnect("The connection was lost.", {}, Trouble::kTimeout);
    } else if (ping_sent_ && silence >= 2 * heartbeat_) {
      Reconnect("The server no longer answers.", {}, Trouble::kTimeout);
    } else if (!ping_sent_ && silence >= heartbeat_) {
      plan_dirty_ = true;  // Whatever else is missing, it is not for ever.
      ping_sent_ = now_.mono;
      Do(SendFrame{transport::Ping{1}});
    }
  }
}

// ---- What the user does ----

void Machine::On(Opened input) {
  reconnect_.UserActs(now_.mono);
  const ActiveSet::Change change = active_.Touch(input.conversation);
  if (!Established()) return;
  if (change.let_go && std::erase(subscribed_, *change.let_go) > 0) {
    transport::Subscribe subscribe;
    subscribe.remove.push_back(*change.let_go);
    Do(SendFrame{std::move(subscribe)});
  }
  SubscribeTo({input.conversation});
  AskForGaps(input.conversation);
}

void Machine::On(FetchWanted input) {
  fetcher_.Want({std::move(input.gap.conversation), input.gap.from, input.gap.to, false});
}

bool Machine::IsSubscribed(const ConversationId& conversation) const {
  return std::find(subscribed_.begin(), subscribed_.end(), conversation) != subscribed_.end();
}

void Machine::SubscribeAtOnce() {
  const std::vector<ConversationId>& active = active_.ids();
  const std::size_t count =
      std::min({active.size(), limits::kSubscribeAtOnce, std::size_t{peer_.subscriptions}});
  subscribed_.assign(active.begin(), active.begin() + static_cast<std::ptrdiff_t>(count));
  if (subscribed_.empty()) return;
  transport::Subscribe subscribe;
  subscribe.add = subscribed_;
  Do(SendFrame{std::move(subscribe)});
}

void Machine::SubscribeTo(const std::vector<ConversationId>& conversations) {
  transport::Subscribe subscribe;
  for (const ConversationId& id : conversations) {
    if (std::erase(subscribed_, id) == 0) subscribe.add.push_back(id);
    subscribed_.insert(subscribed_.begin(), id);
  }
  while (subscribed_.size() > peer_.subscriptions) {
    const ConversationId last = std::move(subscribed_.back());
    subscribed_.pop_back();
    if (std::erase(subscribe.add, last) == 0) subscribe.remove.push_back(last);
  }
  if (!subscribe.add.empty()) Do(SendFrame{std::move(subscribe)});
}

// ---- Asking for more ----

std::size_t Machine::InFlight() const {
  return fetcher_.in_flight() + outbox_.in_flight() + (list_request_ == 0 ? 0 : 1);
}

bool Machine::IsUnderWay(transport::RequestId request) const {
  return request == list_request_ || fetcher_.IsAsked(request) || outbox_.IsAsked(request);
}

void Machine::Ask(transport::RequestId request, Action action) {
  answers_.Asked(request, now_.mono);
  Do(std::move(action));
}

void Machine::Pump() {
  // Not before everything of the last connection is answered: only then is it known where the store
  // stands.
  if (phase_ == Phase::kWaiting && commits_.empty() && reconnect_.IsDue(now_.mono)) {
    if (connection_lost_failed_) {
      LoseOutbox();
    } else {
      Connect();
    }
  }
  if (outbox_loaded_) PumpOutbox();
  if (!Established()) return;
  if (!outbox_loaded_ && !outbox_loading_) LoadOutboxAnew();
  if (renewal_.IsDue(now_.wall)) {
    renewal_.Asked(++last_request_, now_.wall);
    Do(SendFrame{transport::RenewToken{last_request_}});
  }
  PumpFetches();
  for (bus::PartialMessage& partial : partials_.TakeDue(now_.mono))
    Do(PublishEphemeral{std::move(partial)});
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
      status.trouble = trouble_;
      if (const auto next = reconnect_.next(); next && status.state == State::kOffline)
        status.next_attempt_at = now_.wall + (*next - now_.mono);
      break;
    case Phase::kRefused:
      status.state = State::kAuthRequired;
      status.reason = offline_reason_;
      status.trouble = trouble_;
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
    status.trouble = trouble_;
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
  if (status == shown_ || IsSmallStep(shown_, status)) return;
  shown_ = status;
  Do(Publish{std::move(status)});
}

}  // namespace hark::sync
