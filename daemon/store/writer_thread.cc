#include "daemon/store/writer_thread.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include <pthread.h>

#include "daemon/base/limits.h"

namespace hark::store {
namespace {

// A group is announced as one commit: it should stay small enough to be held by every stream.
constexpr std::size_t kGroupBytes = 4 * 1024 * 1024;
// Whoever sends one message after the other does not wait for the removal of the one before.
constexpr std::chrono::milliseconds kIdleAfter{50};
// What could not be done, since the disk is full, say, and what is done little by little.
constexpr std::chrono::seconds kIdleAgain{4};

void NameThisThread() {
#ifdef __APPLE__
  pthread_setname_np("hark-writer");
#else
  pthread_setname_np(pthread_self(), "hark-writer");
#endif
}

}  // namespace

WriterThread::WriterThread(GroupWriter& writer, bool by_hand) : writer_(writer), by_hand_(by_hand) {
  if (!by_hand_) thread_ = std::thread([this] { Loop(); });
}

WriterThread::~WriterThread() {
  Stop();
}

void WriterThread::Submit(std::unique_ptr<Job> job) {
  ErrorCode refused = ErrorCode::kResourceExhausted;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = ErrorCode::kCancelled;
    } else if (queue_.size() + (job->IsOfASeries() ? 0 : limits::kWriterReserve) <
               limits::kWriterQueue) {
      queue_.push_back(std::move(job));
    }
  }
  if (job == nullptr) {
    wake_.notify_one();
  } else {
    job->Answer(Fail(refused, refused == ErrorCode::kCancelled ? "the store is closing"
                                                               : "too much waits to be stored"));
  }
}

void WriterThread::RunAlone(std::function<void()> action, const std::function<void()>& refused) {
  bool accepted = false;
  {
    const std::lock_guard lock(mutex_);
    accepted = !stopping_;
    if (accepted) alone_.push_back(std::move(action));
  }
  if (accepted) {
    wake_.notify_one();
  } else {
    refused();
  }
}

void WriterThread::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (by_hand_) RunWaiting();
}

void WriterThread::RunWaiting() {
  while (RunNext()) {
  }
}

bool WriterThread::RunIdle() {
  return writer_.DoIdleWork();
}

void WriterThread::Loop() {
  NameThisThread();
  do {
    const auto is_wanted = [this] { return stopping_ || !queue_.empty() || !alone_.empty(); };
    std::unique_lock lock(mutex_);
    std::chrono::milliseconds pause = kIdleAfter;
    while (writer_.HasIdleWork() && !wake_.wait_for(lock, pause, is_wanted)) {
      lock.unlock();
      pause = RunIdle() ? kIdleAfter : kIdleAgain;
      lock.lock();
    }
    wake_.wait(lock, is_wanted);
    lock.unlock();
  } while (RunNext());
}

bool WriterThread::RunNext() {
  std::function<void()> action;
  const auto group = Take(action);
  if (action) {
    action();
    return true;
  }
  if (group.empty()) return false;
  writer_.Run(group);
  writer_.Maintain(JobsWait(), group.back()->IsSlice());
  return true;
}

bool WriterThread::JobsWait() {
  const std::lock_guard lock(mutex_);
  return !queue_.empty();
}

std::vector<std::unique_ptr<Job>> WriterThread::Take(std::function<void()>& action) {
  const std::lock_guard lock(mutex_);
  std::vector<std::unique_ptr<Job>> group;
  if (!alone_.empty()) {
    action = std::move(alone_.front());
    alone_.pop_front();
    return group;
  }
  std::size_t bytes = 0;
  while (!queue_.empty() && group.size() < limits::kWriterGroup) {
    bytes += queue_.front()->Weight();
    if (!group.empty() && bytes > kGroupBytes) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

}  // namespace hark::store
