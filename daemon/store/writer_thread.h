// The one thread that writes: takes what waits, as a group, and commits it.

#ifndef HARK_DAEMON_STORE_WRITER_THREAD_H_
#define HARK_DAEMON_STORE_WRITER_THREAD_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/store/job.h"
#include "daemon/store/job_queue.h"
#include "daemon/store/write_group.h"

namespace hark::store {

// Thread-safe.
class WriterThread {
 public:
  // `writer` outlives this object and is its alone until Stop(). `by_hand`: there is no thread, and
  // RunWaiting() does the work.
  WriterThread(GroupWriter& writer, bool by_hand);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread();

  // Never blocks. A job that is not accepted is answered at once: kResourceExhausted when too many
  // wait, kCancelled after Stop().
  void Submit(std::unique_ptr<Job> job);

  // Does what waits, on the caller's thread. Only by hand.
  void RunWaiting();
  // Does what the thread does when nobody came for a while, and answers whether to go on soon. Only
  // by hand.
  bool RunIdle();

  // Runs `action` on the writer's thread between two groups, before what waits there already. After
  // Stop(): `refused` at once instead. May be called from the writer's thread.
  void RunAlone(std::function<void()> action, const std::function<void()>& refused);

  // Finishes what was accepted. Not from the writer's thread.
  void Stop();

 private:
  void Loop();
  // Runs the next group, or what is to be run alone. False: nothing waits.
  bool RunNext();
  // What of it lets somebody else pass goes back to the queue.
  void RunGroup(std::vector<std::unique_ptr<Job>> group);

  GroupWriter& writer_;
  const bool by_hand_;

  std::mutex mutex_;
  std::condition_variable wake_;
  JobQueue queue_;
  std::deque<std::function<void()>> alone_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WRITER_THREAD_H_
