// What the engine does with the store: reads are done on the readers' thread and answered on the
// I/O thread, where everything else of the engine runs.

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/store/batch_bytes.h"
#include "daemon/sync/engine.h"

namespace hark::sync {
namespace {

// Items of a plan that are read at a time; and of a single conversation. Between two plans nothing
// is under way.
constexpr std::uint32_t kPlanItems = 16'384;
constexpr std::uint32_t kGapItems = 64;
// An older message does not count as live: it waited for its author's own connection.
constexpr std::chrono::minutes kLive{1};

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

void Engine::Start() {
  start_at_.reset();
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
      StartLater(held.error());
      return;
    }
    Feed(Started{std::move(held->sync), std::move(held->active), held->messages});
  });
}

void Engine::StartLater(const Error& why) {
  log::Error("store_unreadable", {{"why", why}});
  const Status before = parts_.board.Current();
  Status status;
  status.state = State::kDegraded;
  status.reason = "The local store cannot be read: " + why.message;
  status.since = before.state == State::kDegraded ? before.since : parts_.clock.WallNow();
  parts_.board.Set(std::move(status));
  start_at_ = parts_.clock.Now() + start_backoff_.Next();
  SetAlarm();
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

void Engine::Do(CommitBatch action) {
  const std::size_t bytes = store::BytesOf(action.batch);
  backlog_.Add(bytes);
  if (connection_) connection_->Hold(backlog_.IsTooMuch());
  std::vector<WallTime> live = LiveMessages(action.batch);
  parts_.writer->Apply(
      std::move(action.batch),
      [weak = weak_from_this(), io = parts_.io, received = Stopwatch(), bytes,
       number = action.number, live = std::move(live)](Result<LocalRevision> result) mutable {
        asio::post(io, [weak, took = received.Elapsed(), bytes, number, live = std::move(live),
                        result = std::move(result)]() {
          const auto self = weak.lock();
          if (!self || self->stopped_) return;
          self->backlog_.Remove(bytes);
          if (self->connection_) self->connection_->Hold(self->backlog_.IsTooMuch());
          self->OnStored(number, result, took, live);
        });
      });
}

void Engine::LookForRoom(std::function<void(bool)> answer) {
  ReadThen([has_room = parts_.has_room](store::Reader&) { return has_room(); },
           [answer = std::move(answer)](bool has_room) { answer(has_room); });
}

void Engine::OnStored(std::uint64_t number, const Result<LocalRevision>& result,
                      std::chrono::microseconds took, const std::vector<WallTime>& live) {
  if (!result) {
    log::Error("commit_failed", {{"why", result.error()}});
    Feed(CommitFailed{number, result.error()});
    if (room_ && result.error().code == ErrorCode::kResourceExhausted) room_->WriteRefused();
    return;
  }
  parts_.metrics.apply.Record(took);
  const WallTime now = parts_.clock.WallNow();
  for (const WallTime written : live) {
    const Clock::Duration age = now - written;
    if (age >= Clock::Duration{0} && age < kLive) parts_.metrics.sync.Record(age);
  }
  Feed(Committed{number});
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

}  // namespace hark::sync
