#include "daemon/store/job_queue.h"

#include <iterator>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::store {
namespace {

// A group is announced as one commit: it should stay small enough to be held by every stream.
constexpr std::size_t kGroupBytes = 4 * 1024 * 1024;
// A group that ends early has at least so much, since each commit has its price: some 800 messages.
constexpr std::size_t kLeastBytes = 128 * 1024;

}  // namespace

void JobQueue::Add(std::unique_ptr<Job>& job, Time now) {
  const std::size_t reserve = job->IsOfASeries() ? 0 : limits::kWriterReserve;
  if (jobs_.size() + reserve >= limits::kWriterQueue) return;
  Count(*job);
  if (job->AnswersFirst()) is_burst_ = now - std::exchange(last_send_, now) <= kBurst;
  jobs_.push_back(std::move(job));
}

void JobQueue::Count(const Job& job) {
  if (job.IsOfASeries()) ++batches_;
  if (job.order() == Order::kMayWait) ++may_wait_;
  if (job.AnswersFirst()) ++sends_;
}

void JobQueue::Discount(const Job& job) {
  if (job.IsOfASeries()) --batches_;
  if (job.order() == Order::kMayWait) --may_wait_;
  if (job.AnswersFirst()) --sends_;
}

JobQueue::Time JobQueue::HeldUntil() const {
  const bool held = is_burst_ && ahead_ < kAhead && batches_ == jobs_.size() && batches_ <= kHeld;
  return held ? last_send_ + kBurst : Time{};
}

bool JobQueue::SomeMayGoAhead(bool one_waits) const {
  if (jobs_.size() == may_wait_) return false;
  for (const auto& job : jobs_) {
    if (job->order() == Order::kMayWait) one_waits = true;
    if (one_waits && job->order() != Order::kMayWait) return job->order() == Order::kMayGoAhead;
  }
  return false;
}

bool JobQueue::SomeGoBefore(const Job& job, std::size_t bytes) const {
  if (job.order() != Order::kMayWait || bytes < kLeastBytes) return false;
  return sends_ > 0 || SomeMayGoAhead(true);
}

void JobQueue::PutBack(std::span<std::unique_ptr<Job>> rest) {
  for (const auto& job : rest) Count(*job);
  jobs_.insert(jobs_.begin(), std::make_move_iterator(rest.begin()),
               std::make_move_iterator(rest.end()));
}

std::vector<std::unique_ptr<Job>> JobQueue::Take() {
  const bool sends_first = sends_ > 0 && batches_ > 0 && ahead_ < kAhead;
  const bool some_ahead = !sends_first && ahead_ < kAhead && SomeMayGoAhead(false);
  ahead_ = sends_first || some_ahead ? ahead_ + 1 : 0;
  const auto waits = [&](const Job& job) {
    return sends_first ? job.IsOfASeries() : some_ahead && job.order() == Order::kMayWait;
  };
  std::vector<std::unique_ptr<Job>> group;
  std::size_t bytes = 0;
  std::deque<std::unique_ptr<Job>> passed;
  while (!jobs_.empty() && group.size() < limits::kWriterGroup && (!sends_first || sends_ > 0)) {
    std::unique_ptr<Job>& next = jobs_.front();
    if (some_ahead && !passed.empty() && next->order() == Order::kInPlace) break;
    if (waits(*next)) {
      passed.push_back(std::move(next));
    } else {
      bytes += next->Weight();
      if (!group.empty() && bytes > kGroupBytes) break;
      Discount(*next);
      group.push_back(std::move(next));
    }
    jobs_.pop_front();
  }
  while (!passed.empty()) {
    jobs_.push_front(std::move(passed.back()));
    passed.pop_back();
  }
  return group;
}

}  // namespace hark::store
