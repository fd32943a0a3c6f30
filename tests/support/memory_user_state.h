// A UserStateStore in memory, for those that only need one.

#ifndef HARK_TESTS_SUPPORT_MEMORY_USER_STATE_H_
#define HARK_TESTS_SUPPORT_MEMORY_USER_STATE_H_

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/user_state.h"

namespace hark::test {

// Thread-safe. Answers on the caller's thread or, held, when it is told to.
class MemoryUserState final : public store::UserStateStore {
 public:
  // What is saved from here on waits for Finish().
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  // Does the first of what waits, or fails it. False: nothing waits.
  bool Finish(std::optional<Error> failure = std::nullopt) {
    Waiting next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return false;
      next = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
    }
    Do(std::move(next), failure);
    return true;
  }
  void FailReads(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    read_failure_ = std::move(failure);
  }

  [[nodiscard]] std::map<ConversationId, Draft> drafts() const {
    const std::lock_guard lock(mutex_);
    return drafts_;
  }
  [[nodiscard]] std::size_t view_states() const {
    const std::lock_guard lock(mutex_);
    return view_states_.size();
  }
  // Calls of SaveUserState().
  [[nodiscard]] int saves() const {
    const std::lock_guard lock(mutex_);
    return saves_;
  }

  Result<std::vector<Draft>> ReadDrafts() override {
    const std::lock_guard lock(mutex_);
    if (read_failure_) return tl::unexpected<Error>(*read_failure_);
    std::vector<Draft> drafts;
    for (const auto& [id, draft] : drafts_) drafts.push_back(draft);
    return drafts;
  }

  void SaveUserState(store::UserStateChanges changes, Done<LocalRevision> done) override {
    Waiting call{std::move(changes), std::move(done)};
    {
      const std::lock_guard lock(mutex_);
      ++saves_;
      if (held_) {
        waiting_.push_back(std::move(call));
        return;
      }
    }
    Do(std::move(call), std::nullopt);
  }

  Result<std::optional<ViewState>> ReadViewState(const ConversationId& conversation,
                                                 const std::string& ui) override {
    const std::lock_guard lock(mutex_);
    const auto found = view_states_.find({conversation, ui});
    if (found == view_states_.end()) return std::nullopt;
    return found->second;
  }

  // Every message is here.
  Result<ShownViewState> FindShown(ViewState state) override {
    ShownViewState shown;
    shown.message = state.message;
    shown.state = std::move(state);
    return shown;
  }

 private:
  struct Waiting {
    store::UserStateChanges changes;
    Done<LocalRevision> done;
  };

  void Do(Waiting call, const std::optional<Error>& failure) {
    if (failure) return call.done(tl::unexpected<Error>(*failure));
    {
      const std::lock_guard lock(mutex_);
      for (Draft& draft : call.changes.drafts) {
        Draft& kept = drafts_[draft.conversation];
        if (kept.version <= draft.version) kept = std::move(draft);
      }
      for (ViewState& state : call.changes.view_states) {
        const auto key = std::pair(state.conversation, state.ui);
        view_states_[key] = std::move(state);
      }
    }
    call.done(LocalRevision{1});
  }

  mutable std::mutex mutex_;
  std::map<ConversationId, Draft> drafts_;
  std::map<std::pair<ConversationId, std::string>, ViewState> view_states_;
  std::vector<Waiting> waiting_;
  std::optional<Error> read_failure_;
  bool held_ = false;
  int saves_ = 0;
};

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_MEMORY_USER_STATE_H_
