#include "daemon/store/writer_thread.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include <pthread.h>

namespace hark::store {
namespace {

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
    } else {
      queue_.Add(job, std::chrono::steady_clock::now());
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
    wake_.wait_until(lock, queue_.HeldUntil(), [this] {
      return stopping_ || !alone_.empty() || queue_.HeldUntil() == JobQueue::Time{};
    });
    lock.unlock();
  } while (RunNext());
}

bool WriterThread::RunNext() {
  std::function<void()> action;
  std::vector<std::unique_ptr<Job>> group;
  {
    const std::lock_guard lock(mutex_);
    if (alone_.empty()) {
      group = queue_.Take();
    } else {
      action = std::move(alone_.front());
      alone_.pop_front();
    }
  }
  if (action) {
    action();
    return true;
  }
  if (group.empty()) return false;
  RunGroup(std::move(group));
  return true;
}

void WriterThread::RunGroup(std::vector<std::unique_ptr<Job>> group) {
  // What has its place would hold up those for whom it ends.
  const bool may_end = std::none_of(
      group.begin(), group.end(), [](const auto& job) { return job->order() == Order::kInPlace; });
  const std::size_t done = writer_.Run(group, [&](const Job& next, std::size_t bytes) {
    if (!may_end) return false;
    const std::lock_guard lock(mutex_);
    return queue_.SomeGoBefore(next, bytes);
  });
  const bool is_cut_short = done < group.size();
  const bool after_slice = group[done - 1]->IsSlice();
  Waiting waiting = is_cut_short ? Waiting::kHurry : Waiting::kSome;
  {
    const std::lock_guard lock(mutex_);
    if (is_cut_short) queue_.PutBack(std::span(group).subspan(done));
    if (queue_.empty()) waiting = Waiting::kNobody;
  }
  writer_.Maintain(waiting, after_slice);
}

}  // namespace hark::store
