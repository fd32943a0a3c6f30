// What the machine does with the store: commits and their answers, and fetching what is missing.

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/sync/machine.h"

namespace hark::sync {
namespace {

// A plan is read of every active conversation: not for each of many summaries.
constexpr std::chrono::seconds kLookAfterSummary{1};

}  // namespace

void Machine::Commit(store::Batch batch, PendingCommit then) {
  batch.series = series_;
  commits_.emplace(++last_commit_, std::move(then));
  Do(CommitBatch{last_commit_, std::move(batch)});
}

void Machine::On(Committed input) {
  auto answered = commits_.extract(input.number);
  if (answered.empty()) return;
  PendingCommit& done = answered.mapped();
  if (done.cursor) stored_cursor_ = std::move(*done.cursor);
  if (!stored_cursor_) forgetting_ = false;
  if (done.connection_lost) connection_lost_committing_ = false;
  if (done.history != 0) fetcher_.Stored(done.history, true);
  for (const ConversationId& conversation : done.history_of) {
    const auto looking = gaps_loading_.find(conversation);
    if (looking != gaps_loading_.end()) looking->second = true;
  }
  for (const std::uint64_t position : done.releases) outbox_.Release(position);
  for (const auto& [request, position] : done.sends) {
    if (outbox_.Holds(request)) {
      Ask(request, SendEntry{request, position});
    } else {
      (void)outbox_.Answered(request);  // Withdrawn before it left, or the connection has ended.
    }
  }
  if (!Established()) return;
  // Of a backend that was restored, it may be of numbers that are here already: no gap.
  if (!done.gaps.empty()) PlanWithin(kLookAfterSummary);
  // Somebody may have opened it while the summary was on its way to the store.
  for (const ConversationId& conversation : done.gaps) {
    if (active_.Contains(conversation)) AskForGaps(conversation);
  }
}

void Machine::On(CommitFailed input) {
  if (const auto answered = commits_.extract(input.number); !answered.empty()) {
    // What it held back of the outbox stays so until the outbox is loaded again.
    const PendingCommit& failed = answered.mapped();
    if (failed.history != 0) fetcher_.Stored(failed.history, false);
    if (failed.connection_lost) {
      connection_lost_committing_ = false;
      connection_lost_failed_ = true;
      if (phase_ == Phase::kWaiting) reconnect_.Ended(now_.mono, limits::kBackoffFirst);
    }
  }
  // What was received is not in the store. The store refuses the rest of the series, and the next
  // connection takes the stream up again from where the store stands.
  if (connected_)
    Reconnect("Messages could not be stored: " + input.error.message, limits::kBackoffFirst);
}

void Machine::On(LoadFailed input) {
  if (input.what == LoadFailed::What::kPlan) plan_loading_ = false;
  if (input.what == LoadFailed::What::kOutbox) {
    outbox_loading_ = false;
    outbox_waiting_.clear();
  }
  if (connected_)
    Reconnect("The local store could not be read: " + input.error.message, limits::kBackoffFirst);
}

// ---- Fetching ----

void Machine::On(PlanLoaded input) {
  plan_loading_ = false;
  if (phase_ != Phase::kRunning) return;
  fetcher_.SetPlan(std::move(input.plan));
}

void Machine::AskForGaps(const ConversationId& conversation) {
  const auto [looking, first] = gaps_loading_.emplace(conversation, false);
  if (first) {
    Do(LoadGaps{conversation});
  } else {
    looking->second = true;
  }
}

void Machine::On(GapsLoaded input) {
  const auto looking = gaps_loading_.find(input.conversation);
  if (looking == gaps_loading_.end()) return;
  const bool again = looking->second;
  gaps_loading_.erase(looking);
  if (again) {
    AskForGaps(input.conversation);
    return;
  }
  // The newest ends up in front.
  for (auto item = input.items.rbegin(); item != input.items.rend(); ++item) fetcher_.Want(*item);
}

void Machine::PumpFetches() {
  // A few requests are kept for sends and for what a person waits for.
  const std::size_t reserved =
      std::min<std::size_t>(limits::kReservedInFlight, peer_.in_flight / 2);
  const std::uint32_t page_size = std::min(peer_.page_size, limits::kPageSize);
  while (InFlight() < peer_.in_flight) {
    const bool background = phase_ == Phase::kRunning &&
                            commits_.size() < limits::kHistoryWaiting &&
                            InFlight() + reserved < peer_.in_flight;
    if (!fetcher_.HasNext(page_size, background)) break;
    const transport::RequestId request = NewRequest();
    // What an answer does not settle is asked for again, and not at once.
    PlanWithin(heartbeat_);
    std::optional<transport::GetHistories> ask = fetcher_.Next(request, page_size, background);
    if (!ask) break;
    if (ask->asks.size() == 1) {
      ask->asks.front().request = request;
      Ask(request, SendFrame{std::move(ask->asks.front())});
    } else {
      Ask(request, SendFrame{std::move(*ask)});
    }
  }
  if (MayPlan()) {
    if (plan_dirty_ || (plan_again_at_ && *plan_again_at_ <= now_.mono)) {
      plan_dirty_ = false;
      plan_again_at_.reset();
      plan_loading_ = true;
      Do(LoadPlan{active_.ids()});
    } else {
      MarkCaughtUp();
    }
  }
}

void Machine::PlanWithin(Clock::Duration time) {
  const Clock::Instant at = now_.mono + time;
  plan_again_at_ = std::min(plan_again_at_.value_or(at), at);
}

// Only when nothing of the last one is under way, so that no plan names a page twice.
bool Machine::MayPlan() const {
  return phase_ == Phase::kRunning && fetcher_.Idle() && commits_.empty() && !plan_loading_;
}

void Machine::MarkCaughtUp() {
  if (caught_up_ || stream_.position < head_) return;
  caught_up_ = true;
  outbox_.HoldMarkers(false);
  initial_sync_done_ = true;
  last_synced_at_ = now_.wall;
  fetcher_.ResetProgress();
  Commit({{store::SetSynced{now_.wall, true}}});
}

}  // namespace hark::sync
