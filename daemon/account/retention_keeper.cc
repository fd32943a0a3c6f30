#include "daemon/account/retention_keeper.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include <pthread.h>

#include "daemon/base/log.h"

namespace hark::account {
namespace {

// The start belongs to the person who waits for the first page, and to the sync.
constexpr std::chrono::minutes kFirstRun{5};
constexpr std::chrono::hours kPause{1};
// The search index is rewritten when a part of this many of its messages is gone: rewriting costs
// as much as it has.
constexpr std::uint64_t kCompactPart = 20;
// Each slice that evicts leaves a small piece in the search index. So many are merged at a time:
// compacting rewrites a part of each piece in each of its slices.
constexpr std::uint64_t kMergedSlices = 8;

void NameThisThread() {
#ifdef __APPLE__
  pthread_setname_np("hark-keeper");
#else
  pthread_setname_np(pthread_self(), "hark-keeper");
#endif
}

// Runs a call of the store and waits for its answer, which always comes.
template <typename T, typename Call>
Result<T> Wait(Call&& call) {
  std::promise<Result<T>> promise;
  call([&promise](Result<T> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

Error Stopped() {
  return {ErrorCode::kCancelled, "The daemon is stopping."};
}

}  // namespace

RetentionKeeper::RetentionKeeper(store::Reader& reader, store::RetentionStore& store,
                                 RetentionPolicy policy)
    : reader_(reader), store_(store), policy_(policy), thread_([this] { Loop(); }) {}

RetentionKeeper::~RetentionKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

RetentionPolicy RetentionKeeper::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

void RetentionKeeper::SetPolicy(RetentionPolicy policy) {
  const std::lock_guard lock(mutex_);
  policy_ = policy;
}

Result<RetentionPlan> RetentionKeeper::Preview(const RetentionPolicy& policy) {
  return store_.PlanRetention(policy);
}

void RetentionKeeper::Run(Done<RetentionOutcome> done) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(done));
  }
  changed_.notify_all();
}

void RetentionKeeper::Set(ConversationId conversation, std::optional<std::uint32_t> days,
                          Done<LocalRevision> done) {
  store_.SetRetention(std::move(conversation), days, std::move(done));
}

void RetentionKeeper::Loop() {
  NameThisThread();
  std::chrono::steady_clock::duration pause = kFirstRun;
  for (;;) {
    std::vector<Done<RetentionOutcome>> asked;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, pause, [this] { return stopping_ || !asked_.empty(); });
      asked = std::exchange(asked_, {});
      if (stopping_) {
        lock.unlock();
        for (const auto& done : asked) done(tl::unexpected(Stopped()));
        return;
      }
    }
    pause = kPause;
    const Result<RetentionOutcome> outcome = RunNow();
    if (!outcome && outcome.error().code != ErrorCode::kCancelled) {
      log::Warning("retention_failed", {{"why", outcome.error()}});
    }
    for (const auto& done : asked) done(outcome);
  }
}

Result<RetentionOutcome> RetentionKeeper::RunNow() {
  const auto before = reader_.Statistics();
  if (!before) return tl::unexpected(before.error());
  auto plan = store_.PlanRetention(policy());
  if (!plan) return tl::unexpected(std::move(plan.error()));
  const auto evicted = EvictAll(std::move(plan->evictions));
  if (!evicted) return tl::unexpected(evicted.error());
  evicted_since_compacting_ += *evicted;
  if (*evicted > 0) {
    if (evicted_since_compacting_ * kCompactPart >= before->messages) {
      const auto compacted = TidyAll(store::Tidying::kCompactIndex, store::Tidying::kMergeIndex);
      if (!compacted) return tl::unexpected(compacted.error());
      evicted_since_compacting_ = 0;
    }
    const auto released = TidyAll(store::Tidying::kReleaseSpace, store::Tidying::kReleaseSpace);
    if (!released) return tl::unexpected(released.error());
  }
  const auto after = reader_.Statistics();
  if (!after) return tl::unexpected(after.error());
  return RetentionOutcome{*evicted, before->cache_bytes, after->cache_bytes};
}

Result<std::uint64_t> RetentionKeeper::EvictAll(std::vector<Eviction> evictions) {
  std::uint64_t messages = 0;
  std::uint64_t slices = 0;
  for (auto next = evictions.begin(); next != evictions.end();) {
    if (Stopping()) return tl::unexpected(Stopped());
    const auto count = std::min<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>(store::kEvictionConversations), evictions.end() - next);
    const auto evicted = Wait<store::Evicted>([&](auto done) {
      store_.Evict(std::vector<Eviction>(next, next + count), std::move(done));
    });
    if (!evicted) return tl::unexpected(evicted.error());
    messages += evicted->messages;
    next += static_cast<std::ptrdiff_t>(evicted->finished);
    if (++slices % kMergedSlices != 0) continue;
    const auto merged = TidyAll(store::Tidying::kMergeIndex, store::Tidying::kMergeIndex);
    if (!merged) return tl::unexpected(merged.error());
  }
  return messages;
}

Result<void> RetentionKeeper::TidyAll(store::Tidying first, store::Tidying next) {
  for (store::Tidying what = first;; what = next) {
    if (Stopping()) return tl::unexpected(Stopped());
    const auto more = Wait<bool>([&](auto done) { store_.Tidy(what, std::move(done)); });
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
  }
}

bool RetentionKeeper::Stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace hark::account
