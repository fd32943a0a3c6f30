// What waits for the writer, and what of it is done next, together.
//
// Storing an acknowledgement takes the writer as long as a send (rows, search index, change log).
// Whoever sends one message after the other would find it at the acknowledgement of the one before
// nearly each time. So sends go before batches of the backend; and batches wait while sends come in
// a burst, which is after one another as programs send, and are stored together.
//
// What nobody waits for lets pass what may go ahead of it (Order): the history of a first sync
// takes the writer all its time, and a message that arrives meanwhile would wait for thousands of
// others.
//
// All of it within bounds.

#ifndef HARK_DAEMON_STORE_JOB_QUEUE_H_
#define HARK_DAEMON_STORE_JOB_QUEUE_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "daemon/store/job.h"

namespace hark::store {

// Not thread-safe.
class JobQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // How soon the next send comes, in a burst.
  static constexpr std::chrono::milliseconds kBurst{3};
  // Groups that go before the same batches: these wait for at most so many.
  static constexpr std::size_t kAhead = 6;
  // Batches that wait for a burst at most. More are a sync, which goes on.
  static constexpr std::size_t kHeld = 16;

  // Takes the job if there is a place for it (limits::kWriterQueue, kWriterReserve).
  void Add(std::unique_ptr<Job>& job, Time now);

  [[nodiscard]] bool empty() const { return jobs_.empty(); }

  // Only batches wait, and they do until then, unless something else comes. In the past: they do
  // not, or there is something else.
  [[nodiscard]] Time HeldUntil() const;

  // The next group, whether it is held or not: in order, but for what went ahead. Empty when
  // nothing waits.
  std::vector<std::unique_ptr<Job>> Take();

  // Whether to end the group that was taken last before this job of it, so that something that came
  // meanwhile goes ahead. `bytes`: the weight of those before it.
  [[nodiscard]] bool SomeGoBefore(const Job& job, std::size_t bytes) const;

  // What is left of the group that was taken last, to its old place.
  void PutBack(std::span<std::unique_ptr<Job>> rest);

 private:
  void Count(const Job& job);
  void Discount(const Job& job);
  // Something may go ahead of what may wait: of something in the queue, or, if `one_waits`, before
  // all of it.
  [[nodiscard]] bool SomeMayGoAhead(bool one_waits) const;

  std::deque<std::unique_ptr<Job>> jobs_;
  std::size_t batches_ = 0;   // Of these (Job::IsOfASeries).
  std::size_t may_wait_ = 0;  // Of these (Order::kMayWait).
  std::size_t sends_ = 0;     // Of these (Job::AnswersFirst).
  Time last_send_{};
  bool is_burst_ = false;
  std::size_t ahead_ = 0;  // Groups that went before the batches that wait.
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_JOB_QUEUE_H_
