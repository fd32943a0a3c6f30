#include "daemon/sync/engine.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/base/log.h"

namespace hark::sync {
namespace {

const char* Name(State state) {
  switch (state) {
    case State::kSignedOut: return "signed_out";
    case State::kOffline: return "offline";
    case State::kConnecting: return "connecting";
    case State::kCatchingUp: return "catching_up";
    case State::kLive: return "live";
    case State::kAuthRequired: return "auth_required";
    case State::kDegraded: return "degraded";
  }
  return "unknown";
}

}  // namespace

Engine::Engine(EngineParts parts)
    : parts_(std::move(parts)),
      machine_(MachineOptions{parts_.user, parts_.seed, parts_.outbox_age}),
      start_backoff_(limits::kBackoffFirst, limits::kBackoffCap, parts_.seed) {
  if (!parts_.has_room) return;
  room_.emplace(
      parts_.clock, std::move(parts_.room_alarm),
      [this](std::function<void(bool)> answer) { LookForRoom(std::move(answer)); },
      [this] { Feed(SyncNowAsked{}); });
}

Engine::~Engine() {
  Stop();
}

void Engine::Stop() {
  stopped_ = true;
  established_ = false;
  parts_.alarm->Cancel();
  if (room_) room_->Stop();
  if (connection_) connection_->Stop();
  connection_.reset();
}

void Engine::NotifyOutboxChanged(const Commit& commit) {
  Post(OutboxChanged{commit.revision, commit.outbox, commit.outbox_removed});
}
void Engine::NotifyOpened(ConversationId conversation) {
  Post(Opened{std::move(conversation)});
}
void Engine::NotifyFetchWanted(Gap gap) {
  Post(FetchWanted{std::move(gap)});
}
void Engine::NotifySyncNow() {
  Post(SyncNowAsked{});
}
void Engine::NotifyWorldChanged() {
  Post(WorldChanged{});
}

void Engine::Post(Input input) {
  asio::post(parts_.io, [weak = weak_from_this(), input = std::move(input)]() mutable {
    if (const auto self = weak.lock()) self->Feed(std::move(input));
  });
}

void Engine::Feed(Input input) {
  if (stopped_) return;
  Actions actions =
      machine_.Step(std::move(input), Moment{parts_.clock.Now(), parts_.clock.WallNow()});
  established_ = machine_.Established();
  for (Action& action : actions) {
    std::visit([this](auto&& what) { Do(std::forward<decltype(what)>(what)); }, std::move(action));
    if (stopped_) return;
  }
  SetAlarm();
}

void Engine::SetAlarm() {
  const std::optional<Clock::Instant> deadline = start_at_ ? start_at_ : machine_.NextDeadline();
  if (!deadline) {
    parts_.alarm->Cancel();
    return;
  }
  parts_.alarm->Set(*deadline, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->start_at_) return self->Start();
    self->Feed(TimerFired{});
  });
}

// ---- Connection ----

void Engine::Do(OpenConnection) {
  // A connection that the machine gave up may still be closing: what it says is no longer heard,
  // since it is stopped.
  const auto weak = weak_from_this();
  Connection::Handlers handlers;
  handlers.connected = [weak] {
    const auto self = weak.lock();
    if (!self) return;
    self->parts_.metrics.connects.fetch_add(1, std::memory_order_relaxed);
    self->Feed(Connected{});
  };
  handlers.received = [weak](transport::ServerFrame frame) {
    if (const auto self = weak.lock()) self->Feed(Received{std::move(frame)});
  };
  handlers.not_sent = [weak](transport::RequestId request) {
    if (const auto self = weak.lock()) self->Feed(NotSent{request});
  };
  handlers.disconnected = [weak](Error error) {
    const auto self = weak.lock();
    if (!self) return;
    log::Info("disconnected", {{"why", error}});
    self->Feed(Disconnected{std::move(error)});
  };
  connection_ = std::make_shared<Connection>(parts_.io, parts_.backend, std::move(handlers));
  connection_->Hold(backlog_.IsTooMuch());
  connection_->Start();
}

void Engine::Do(CloseConnection) {
  if (!connection_) return;
  parts_.metrics.disconnects.fetch_add(1, std::memory_order_relaxed);
  connection_->Stop();
  connection_.reset();
}

void Engine::Do(SendHello action) {
  transport::Hello hello;
  hello.token = parts_.token.Clone();
  hello.device_id = parts_.device_id;
  hello.client = parts_.client;
  hello.cursor = std::move(action.cursor);
  Send(std::move(hello));
}

void Engine::Do(SendFrame action) {
  Send(std::move(action.frame));
}

void Engine::Send(transport::ClientFrame frame) {
  if (!connection_ || connection_->Send(std::move(frame))) return;
  Post(Disconnected{Error(ErrorCode::kOffline, "The server does not take what is sent.")});
  Do(CloseConnection{});
}

// ---- Announcements ----

void Engine::Do(Publish action) {
  const State state = action.status.state;
  if (state != parts_.board.Current().state)
    log::Info("sync_state", {log::Field::Safe("state", Name(state))});
  // First, so that whoever sees the status finds the account to agree.
  if (state == State::kAuthRequired) parts_.token_refused();
  parts_.board.Set(std::move(action.status));
}

void Engine::Do(PublishEphemeral action) {
  parts_.bus->PublishEphemeral(std::make_shared<const bus::Ephemeral>(std::move(action.ephemeral)));
}

void Engine::Do(SaveToken action) {
  parts_.token = action.token.Clone();
  parts_.save_token(std::move(action.token));
}

}  // namespace hark::sync
