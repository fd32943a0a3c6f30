// Drafts and view states, as the store keeps them: in authored.db, so that no trouble of the cache
// reaches them.

#ifndef HARK_DAEMON_STORE_USER_STATE_H_
#define HARK_DAEMON_STORE_USER_STATE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/model/user_state.h"

namespace hark::store {

// What is to be written together.
struct UserStateChanges {
  std::vector<Draft> drafts;
  std::vector<ViewState> view_states;
};

// Safe to call from any thread. Reads are the Reader's, `done` is the Writer's.
class UserStateStore {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  UserStateStore() = default;
  UserStateStore(const UserStateStore&) = delete;
  UserStateStore& operator=(const UserStateStore&) = delete;
  virtual ~UserStateStore() = default;

  // All of them, those that were cleared and are remembered too; in no order.
  [[nodiscard]] virtual Result<std::vector<Draft>> ReadDrafts() = 0;

  // Durable. A draft is written unless the one on disk is newer (Draft::version), a view state
  // always. That a draft appeared or went is announced with its conversation, nothing else is.
  // Keeps the limits::kClearedDrafts drafts that were cleared last, and the limits::kViewStates
  // view states that were set last.
  virtual void SaveUserState(UserStateChanges changes, Done<LocalRevision> done) = 0;

  // Nothing: none was saved.
  [[nodiscard]] virtual Result<std::optional<ViewState>> ReadViewState(
      const ConversationId& conversation, const std::string& ui) = 0;

  // What can be shown of a state now, whether it was saved or not.
  [[nodiscard]] virtual Result<ShownViewState> FindShown(ViewState state) = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_USER_STATE_H_
