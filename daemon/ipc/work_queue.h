// A few threads for calls that take milliseconds, so that gRPC's own, which answer everybody, never
// do.

#ifndef HARK_DAEMON_IPC_WORK_QUEUE_H_
#define HARK_DAEMON_IPC_WORK_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hark::ipc {

// Thread-safe.
class WorkQueue {
 public:
  // A thread is started when there is work for it, at most `threads` of them, named `name` (at most
  // 15 characters, static). At most `waiting` pieces of work wait for one.
  WorkQueue(const char* name, std::size_t threads, std::size_t waiting)
      : name_(name), max_threads_(threads), max_waiting_(waiting) {}
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  // Waits for the work that runs; what waits is dropped.
  ~WorkQueue();

  // In the order of submission. False: too much waits, or no thread could be started.
  [[nodiscard]] bool Submit(std::function<void()> work);

 private:
  void Run();

  const char* const name_;
  const std::size_t max_threads_;
  const std::size_t max_waiting_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_WORK_QUEUE_H_
