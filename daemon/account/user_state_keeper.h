// Drafts and view states in memory, and written soon: changes are collected for a moment and go to
// the writer together, so that typing costs no sync for each key.

#ifndef HARK_DAEMON_ACCOUNT_USER_STATE_KEEPER_H_
#define HARK_DAEMON_ACCOUNT_USER_STATE_KEEPER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/account/draft_book.h"
#include "daemon/account/user_state.h"
#include "daemon/base/clock.h"
#include "daemon/store/reader.h"
#include "daemon/store/user_state.h"

namespace hark::account {

// Thread-safe. The stores and the clock outlive it; it outlives the store's writer thread, which
// calls it back.
//
// The drafts are read from the disk when they are first asked for, and kept: a start costs nothing,
// and drafts that cannot be read are their own trouble.
class UserStateKeeper final : public UserState {
 public:
  // Sees to it that SaveNow() is called at that time or soon after, in place of the time that was
  // said before. Called from any thread with a lock held: must not block nor call back.
  using WakeAt = std::function<void(Clock::Instant)>;

  UserStateKeeper(store::Reader& reader, store::UserStateStore& store, const Clock& clock,
                  WakeAt wake_at);
  ~UserStateKeeper() override;

  // Gives the writer what is not on disk. Also the last call, before the store is closed.
  void SaveNow();

  [[nodiscard]] Result<Draft> GetDraft(const ConversationId& conversation) override;
  void SetDraft(DraftChange change, Done<DraftOutcome> done) override;
  [[nodiscard]] Result<DraftList> ListDrafts(
      const std::optional<ConversationId>& conversation) override;
  [[nodiscard]] Result<std::optional<DraftList>> ListDraftsSince(
      std::uint64_t version, const std::optional<ConversationId>& conversation) override;
  [[nodiscard]] std::unique_ptr<Subscription> WatchDrafts(OnDraft listener) override;
  [[nodiscard]] Result<void> SetViewState(ViewState state) override;
  [[nodiscard]] Result<std::optional<ShownViewState>> GetViewState(
      const ConversationId& conversation, const std::string& ui) override;

 private:
  class Listening;
  using ViewKey = std::pair<ConversationId, std::string>;

  [[nodiscard]] Result<void> Load();
  [[nodiscard]] Result<void> CheckChange(const DraftChange& change);
  void Tell(const Draft& draft);
  void WakeSoon(Clock::Duration after);
  // With mutex_ held: what is to be written. `also`: as DraftBook::TakeUnsaved().
  [[nodiscard]] store::UserStateChanges Take(const ConversationId* also);
  void Save(store::UserStateChanges changes, Done<LocalRevision> done);
  void Settle(const store::UserStateChanges& changes, const Result<LocalRevision>& saved);

  store::Reader& reader_;
  store::UserStateStore& store_;
  const Clock& clock_;
  const WakeAt wake_at_;

  std::mutex mutex_;
  std::unique_ptr<DraftBook> book_;  // Null: not read yet.
  // Not on disk yet, or on their way there, at most limits::kViewStates.
  struct UnsavedView {
    ViewState state;
    bool taken = false;
  };
  std::map<ViewKey, UnsavedView> views_;
  std::optional<Clock::Instant> awaited_;  // When SaveNow() will be called.

  std::mutex listeners_mutex_;  // Never taken with the other one held.
  std::map<std::uint64_t, OnDraft> listeners_;
  std::uint64_t next_listener_ = 1;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_USER_STATE_KEEPER_H_
