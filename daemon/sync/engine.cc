#include "daemon/sync/engine.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"

namespace hark::sync {
namespace {

// Items of a plan that are read at a time; and of a single conversation.
constexpr std::uint32_t kPlanItems = 512;
constexpr std::uint32_t kGapItems = 64;
// An older message does not count as live: it waited for its author's own connection.
constexpr std::chrono::minutes kLive{1};
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

transport::ClientFrame ToFrame(transport::RequestId request, store::OutgoingEntry outgoing) {
  OutboxEntry& entry = outgoing.entry;
  Message& message = outgoing.message;
  switch (entry.kind) {
    case OutboxKind::kSend: break;
    case OutboxKind::kMarkRead:
      return transport::MarkRead{request, std::move(entry.conversation), entry.read_sequence};
    case OutboxKind::kEdit:
      return transport::Edit{request,
                             std::move(entry.conversation),
                             std::move(entry.message),
                             entry.base_revision,
                             std::move(message.content),
                             message.edited_at.value_or(entry.submitted_at)};
    case OutboxKind::kDelete:
      return transport::Delete{request, std::move(entry.conversation), std::move(entry.message),
                               entry.base_revision};
  }
  return transport::Append{request, std::move(message)};
}

}  // namespace

Engine::Engine(EngineParts parts)
    : parts_(std::move(parts)),
      machine_(MachineOptions{parts_.user, parts_.seed, parts_.outbox_age}) {}

Engine::~Engine() {
  Stop();
}

void Engine::Start() {
  struct Held {
    store::SyncState sync;
    std::vector<ConversationId> active;
    std::uint64_t messages = 0;
  };
  const WallTime since = parts_.clock.WallNow() - limits::kActiveFor;
  auto read = [since](store::Reader& reader) -> Result<Held> {
    Result<store::SyncState> sync = reader.ReadSyncState();
    if (!sync) return tl::unexpected(sync.error());
    Result<std::vector<ConversationId>> active =
        reader.ActiveConversations(since, static_cast<std::uint32_t>(limits::kActiveConversations));
    if (!active) return tl::unexpected(active.error());
    Held held{std::move(*sync), std::move(*active)};
    if (held.sync.initial_sync_done) return held;
    // The progress goes on where an earlier run left it.
    const Result<store::StoreStatistics> statistics = reader.Statistics();
    if (!statistics) return tl::unexpected(statistics.error());
    held.messages = statistics->messages;
    return held;
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
    Feed(Started{std::move(held->sync), std::move(held->active), held->messages});
  });
}

void Engine::Stop() {
  stopped_ = true;
  established_ = false;
  parts_.alarm->Cancel();
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
  const std::optional<Clock::Instant> deadline = machine_.NextDeadline();
  if (!deadline) {
    parts_.alarm->Cancel();
    return;
  }
  parts_.alarm->Set(*deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Feed(TimerFired{});
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

void Engine::Do(SendEntry action) {
  const std::weak_ptr<Connection> to = connection_;
  auto read = [position = action.position](store::Reader& reader) {
    return reader.ReadOutgoing(position);
  };
  ReadThen(std::move(read),
           [this, to, request = action.request](Result<store::OutgoingEntry> outgoing) {
             const auto connection = to.lock();
             if (!connection || connection != connection_)
               return;  // Sent anew on the next connection.
             if (outgoing) {
               Send(ToFrame(request, std::move(*outgoing)));
             } else if (outgoing.error().code == ErrorCode::kNotFound) {
               Feed(EntryGone{request});
             } else {
               Feed(LoadFailed{LoadFailed::What::kEntry, outgoing.error()});
             }
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
  std::vector<WallTime> live = LiveMessages(action.batch);
  parts_.writer->Apply(std::move(action.batch),
                       [weak = weak_from_this(), io = parts_.io, received = Stopwatch(),
                        live = std::move(live)](Result<LocalRevision> result) mutable {
                         asio::post(io, [weak, took = received.Elapsed(), live = std::move(live),
                                         result = std::move(result)]() {
                           const auto self = weak.lock();
                           if (self && !self->stopped_) self->OnStored(result, took, live);
                         });
                       });
}

void Engine::OnStored(const Result<LocalRevision>& result, std::chrono::microseconds took,
                      const std::vector<WallTime>& live) {
  if (--commits_pending_ == kCommitsBeforeHold / 2 && connection_) connection_->Hold(false);
  if (!result) {
    log::Error("commit_failed", {{"why", result.error()}});
    Feed(CommitFailed{result.error()});
    return;
  }
  parts_.metrics.apply.Record(took);
  const WallTime now = parts_.clock.WallNow();
  for (const WallTime written : live) {
    const Clock::Duration age = now - written;
    if (age >= Clock::Duration{0} && age < kLive) parts_.metrics.sync.Record(age);
  }
  Feed(Committed{});
}

std::vector<WallTime> Engine::LiveMessages(const store::Batch& batch) const {
  std::vector<WallTime> live;
  if (parts_.board.Current().state != State::kLive) return live;
  for (const store::Operation& operation : batch.operations) {
    const auto* apply = std::get_if<store::ApplyMessage>(&operation);
    // An edit or a deletion does not say when it was made by a clock that is worth a comparison.
    if (apply && apply->message.revision == 1 && !apply->message.deleted)
      live.push_back(apply->message.created_at);
  }
  return live;
}

void Engine::Do(LoadPlan action) {
  auto read = [active = std::move(action.active)](store::Reader& reader) {
    return reader.PlanFetches(active, kPlanItems);
  };
  ReadThen(std::move(read), [this](Result<store::FetchPlan> plan) {
    if (plan) {
      Feed(PlanLoaded{std::move(*plan)});
    } else {
      Feed(LoadFailed{LoadFailed::What::kPlan, plan.error()});
    }
  });
}

void Engine::Do(LoadGaps action) {
  auto read = [only = std::vector{action.conversation}](store::Reader& reader) {
    return reader.PlanFetches(only, kGapItems);
  };
  ReadThen(std::move(read),
           [this, conversation = std::move(action.conversation)](Result<store::FetchPlan> plan) {
             if (!plan) {
               Feed(LoadFailed{LoadFailed::What::kGaps, plan.error()});
               return;
             }
             std::erase_if(plan->items, [&](const store::FetchItem& item) {
               return item.conversation != conversation;
             });
             Feed(GapsLoaded{conversation, std::move(plan->items)});
           });
}

void Engine::Do(LoadOutbox) {
  auto read = [](store::Reader& reader) { return reader.ReadOutbox(); };
  ReadThen(std::move(read), [this](Result<store::OutboxState> outbox) {
    if (outbox) {
      Feed(OutboxLoaded{std::move(*outbox)});
    } else {
      Feed(LoadFailed{LoadFailed::What::kOutbox, outbox.error()});
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
