#include "daemon/ipc/work_queue.h"

#include <system_error>
#include <utility>

#include <pthread.h>

namespace hark::ipc {

WorkQueue::~WorkQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkQueue::Submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting_) return false;
    if (idle_ <= waiting_.size() && threads_.size() < max_threads_) {
      try {
        threads_.emplace_back([this] { Run(); });
      } catch (const std::system_error&) {
        if (threads_.empty()) return false;
      }
    }
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void WorkQueue::Run() {
#ifdef __APPLE__
  ::pthread_setname_np(name_);
#else
  ::pthread_setname_np(::pthread_self(), name_);
#endif
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) return;
    std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    // What it holds goes before anybody is told to wait for it.
    work = nullptr;
    lock.lock();
  }
}

}  // namespace hark::ipc
