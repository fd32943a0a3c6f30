#include "daemon/sync/engine.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"

namespace hark::sync {
namespace {

// Items of a plan, and entries of the outbox, that are read at a time.
constexpr std::uint32_t kPlanItems = 512;
constexpr std::uint32_t kOutboxEntries = 512;
// Batches that may wait for the store before nothing more is received.
constexpr std::size_t kCommitsBeforeHold = 128;

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
      machine_(MachineOptions{parts_.user, parts_.seed}),
      timer_(parts_.io) {}

Engine::~Engine() {
  Stop();
}

void Engine::Start() {
  struct Held {
    store::SyncState sync;
    std::vector<ConversationId> active;
  };
  const WallTime since = parts_.clock.WallNow() - limits::kActiveFor;
  auto read = [since](store::Reader& reader) -> Result<Held> {
    Result<store::SyncState> sync = reader.ReadSyncState();
    if (!sync) return tl::unexpected(sync.error());
    Result<std::vector<ConversationId>> active =
        reader.ActiveConversations(since, static_cast<std::uint32_t>(limits::kActiveConversations));
    if (!active) return tl::unexpected(active.error());
    return Held{std::move(*sync), std::move(*active)};
  };
  ReadThen(std::move(read), [this](Result<Held> held) {
    if (!held) {
      log::Error("store_unreadable", {{"why", held.error()}});
      Status status;
      status.state = State::kDegraded;
      status.reason = "The local store cannot be read: " + held.error().message;
      status.since = parts_.clock.WallNow();
      parts_.board.Set(std::move(status));
      return;
    }
    Feed(Started{std::move(held->sync), std::move(held->active)});
  });
}

void Engine::Stop() {
  stopped_ = true;
  timer_.cancel();
  if (connection_) connection_->Stop();
  connection_.reset();
}

void Engine::NotifyOutboxChanged() {
  Post(OutboxChanged{});
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

void Engine::Post(Input input) {
  asio::post(parts_.io, [weak = weak_from_this(), input = std::move(input)]() mutable {
    if (const auto self = weak.lock()) self->Feed(std::move(input));
  });
}

void Engine::Feed(Input input) {
  if (stopped_) return;
  Actions actions =
      machine_.Step(std::move(input), Moment{parts_.clock.Now(), parts_.clock.WallNow()});
  for (Action& action : actions) {
    std::visit([this](auto&& what) { Do(std::forward<decltype(what)>(what)); }, std::move(action));
    if (stopped_) return;
  }
  ArmTimer();
}

void Engine::ArmTimer() {
  const std::optional<Clock::Instant> deadline = machine_.NextDeadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::max(*deadline - parts_.clock.Now(), Clock::Duration{0}));
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) self->Feed(TimerFired{});
  });
}

template <typename Read, typename Then>
void Engine::ReadThen(Read read, Then then) {
  // `then` may capture `this`: it runs only while the engine is held and not stopped.
  asio::post(parts_.readers, [weak = weak_from_this(), io = parts_.io, reader = parts_.reader,
                              read = std::move(read), then = std::move(then)]() mutable {
    auto result = read(*reader);
    asio::post(io, [weak = std::move(weak), reader = std::move(reader), then = std::move(then),
                    result = std::move(result)]() mutable {
      const auto self = weak.lock();
      if (self && !self->stopped_) then(std::move(result));
    });
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
  handlers.disconnected = [weak](Error error) {
    const auto self = weak.lock();
    if (!self) return;
    log::Info("disconnected", {{"why", error}});
    self->Feed(Disconnected{std::move(error)});
  };
  connection_ = std::make_shared<Connection>(parts_.io, parts_.backend, std::move(handlers));
  connection_->Hold(commits_pending_ >= kCommitsBeforeHold);
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

void Engine::Do(SendAppend action) {
  const std::weak_ptr<Connection> to = connection_;
  auto read = [id = std::move(action.message)](store::Reader& reader) {
    return reader.ReadMessage(id);
  };
  ReadThen(std::move(read), [this, to, request = action.request](Result<Message> message) {
    const auto connection = to.lock();
    if (!connection || connection != connection_) return;  // Sent anew on the next connection.
    if (!message) {
      Feed(LoadFailed{message.error()});
      return;
    }
    Send(transport::Append{request, std::move(*message)});
  });
}

void Engine::Send(transport::ClientFrame frame) {
  if (!connection_ || connection_->Send(std::move(frame))) return;
  Post(Disconnected{Error(ErrorCode::kOffline, "The server does not take what is sent.")});
  Do(CloseConnection{});
}

// ---- Store ----

void Engine::Do(CommitBatch action) {
  if (++commits_pending_ == kCommitsBeforeHold && connection_) connection_->Hold(true);
  MeasureSync(action.batch);
  parts_.writer->Apply(
      std::move(action.batch), [weak = weak_from_this(), io = parts_.io,
                                received = Stopwatch()](Result<LocalRevision> result) {
        asio::post(io, [weak, took = received.Elapsed(), result = std::move(result)]() {
          const auto self = weak.lock();
          if (!self || self->stopped_) return;
          if (--self->commits_pending_ == kCommitsBeforeHold / 2 && self->connection_)
            self->connection_->Hold(false);
          if (result) {
            self->parts_.metrics.apply.Record(took);
            self->Feed(Committed{});
          } else {
            log::Error("commit_failed", {{"why", result.error()}});
            self->Feed(CommitFailed{result.error()});
          }
        });
      });
}

void Engine::MeasureSync(const store::Batch& batch) {
  if (parts_.board.Current().state != State::kLive) return;
  for (const store::Operation& operation : batch.operations) {
    if (const auto* apply = std::get_if<store::ApplyMessage>(&operation)) {
      const auto age = parts_.clock.WallNow() - apply->message.created_at;
      if (age >= Clock::Duration{0}) parts_.metrics.sync.Record(age);
    }
  }
}

void Engine::Do(LoadPlan action) {
  auto read = [active = std::move(action.active)](store::Reader& reader) {
    return reader.PlanFetches(active, kPlanItems);
  };
  ReadThen(std::move(read), [this](Result<store::FetchPlan> plan) {
    if (plan) {
      Feed(PlanLoaded{std::move(*plan)});
    } else {
      Feed(LoadFailed{plan.error()});
    }
  });
}

void Engine::Do(LoadOutbox action) {
  auto read = [after = action.after_position](store::Reader& reader) {
    return reader.ReadOutbox(after, kOutboxEntries);
  };
  ReadThen(std::move(read), [this](Result<std::vector<OutboxEntry>> entries) {
    if (entries) {
      Feed(OutboxLoaded{std::move(*entries)});
    } else {
      Feed(LoadFailed{entries.error()});
    }
  });
}

// ---- Announcements ----

void Engine::Do(Publish action) {
  const State state = action.status.state;
  if (state != parts_.board.Current().state)
    log::Info("sync_state", {log::Field::Safe("state", Name(state))});
  parts_.board.Set(std::move(action.status));
  if (state == State::kAuthRequired) parts_.token_refused();
}

void Engine::Do(PublishEphemeral action) {
  parts_.bus->PublishEphemeral(std::make_shared<const bus::Ephemeral>(std::move(action.ephemeral)));
}

void Engine::Do(SaveToken action) {
  parts_.token = action.token.Clone();
  parts_.save_token(std::move(action.token));
}

}  // namespace hark::sync
