// The one thread that writes: takes what waits, as a group, and commits it.

#ifndef HARK_DAEMON_STORE_WRITER_THREAD_H_
#define HARK_DAEMON_STORE_WRITER_THREAD_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/store/job.h"
#include "daemon/store/write_group.h"

namespace hark::store {

// Thread-safe.
class WriterThread {
 public:
  // `writer` outlives this object and is its alone until Stop().
  explicit WriterThread(GroupWriter& writer);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread();

  // Never blocks. A job that is not accepted is answered at once: kResourceExhausted when too many
  // wait, kCancelled after Stop().
  void Submit(std::unique_ptr<Job> job);

  // Finishes what was accepted. Not from the writer's thread.
  void Stop();

 private:
  void Loop();
  // The next group, in order; empty when there is nothing more to come.
  std::vector<std::unique_ptr<Job>> Take();

  GroupWriter& writer_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;  // At most limits::kWriterQueue.
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WRITER_THREAD_H_
