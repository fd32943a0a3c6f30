// The searching half of FakeAccount.

#include <chrono>
#include <utility>

#include "tests/unit/ipc/fake_accounts.h"

namespace hark::ipc {

void FakeAccount::SetSearch(Result<store::SearchPage> answer) {
  const std::lock_guard lock(mutex_);
  search_answer_ = std::move(answer);
}

void FakeAccount::HoldSearches() {
  const std::lock_guard lock(mutex_);
  hold_searches_ = true;
}

void FakeAccount::WaitForHeldSearches(int count) {
  std::unique_lock lock(mutex_);
  held_changed_.wait(lock, [&] { return held_searches_ >= count; });
}

void FakeAccount::FinishSearches() {
  const std::lock_guard lock(mutex_);
  hold_searches_ = false;
  held_changed_.notify_all();
}

std::vector<store::SearchQuery> FakeAccount::searches() const {
  const std::lock_guard lock(mutex_);
  return searches_;
}

int FakeAccount::cancelled_searches() const {
  const std::lock_guard lock(mutex_);
  return cancelled_searches_;
}

Result<store::SearchPage> FakeAccount::Search(const store::SearchQuery& query,
                                              const std::atomic<bool>& cancelled) {
  // Nobody tells of the flag, as in the store.
  constexpr std::chrono::milliseconds kLook{1};
  std::unique_lock lock(mutex_);
  searches_.push_back(query);
  if (hold_searches_) {
    ++held_searches_;
    held_changed_.notify_all();
    while (hold_searches_ && !cancelled) held_changed_.wait_for(lock, kLook);
    --held_searches_;
  }
  if (!cancelled) return search_answer_;
  ++cancelled_searches_;
  held_changed_.notify_all();
  return Fail(ErrorCode::kCancelled, "the search was given up");
}

}  // namespace hark::ipc
