// What the user left lying about on this machine, as the local API asks for it: drafts, shared by
// all windows, and how far each window was scrolled.

#ifndef HARK_DAEMON_ACCOUNT_USER_STATE_H_
#define HARK_DAEMON_ACCOUNT_USER_STATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/model/user_state.h"

namespace hark::account {

struct DraftChange {
  ConversationId conversation;
  std::string text;                // Empty clears.
  std::uint64_t base_version = 0;  // What it was made from.
  bool flush = false;              // To be answered when it is on disk.
};

struct DraftOutcome {
  bool conflict = false;  // Nothing was changed: the draft is newer than the change's base.
  Draft draft;            // As it is now.
};

// The drafts as of one moment.
struct DraftList {
  std::vector<Draft> drafts;
  std::uint64_t version = 0;  // The newest of any draft, also of those that are not in the list.
};

// Thread-safe; but for the waiting for a first read of the disk, nothing blocks. Changes are seen
// at once and written within limits::kSaveAfter and the time that the disk takes.
//
// Errors common to all: those of store::Reader.
class UserState {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;
  // Must not block, and must not call what called it.
  using OnDraft = std::function<void(const ConversationId&, std::uint64_t version)>;

  // Ends when it is destroyed; afterwards the listener is not running and is not called again. Must
  // not be destroyed from inside its listener. What it came from outlives it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    virtual ~Subscription() = default;
  };

  UserState() = default;
  UserState(const UserState&) = delete;
  UserState& operator=(const UserState&) = delete;
  virtual ~UserState() = default;

  // Version 0: there never was one.
  [[nodiscard]] virtual Result<Draft> GetDraft(const ConversationId& conversation) = 0;

  // `done` is called exactly once, on the caller's thread or, with `flush`, on the store's writer
  // thread after the commit; it must not block. kNotFound: no such conversation, and no draft of
  // it. kInvalidArgument: too long, or not UTF-8. kResourceExhausted: there are limits::kDrafts, or
  // limits::kAllDraftsBytes of them; nothing was changed. With `flush` also what the writer says:
  // then the draft is in memory only, until the disk takes it.
  virtual void SetDraft(DraftChange change, Done<DraftOutcome> done) = 0;

  // Those that have a text, or the one of `conversation` as GetDraft() gives it; the last changed
  // first.
  [[nodiscard]] virtual Result<DraftList> ListDrafts(
      const std::optional<ConversationId>& conversation) = 0;

  // What changed after `version`, cleared ones too, in the order of the changes. Nothing: that
  // cannot be told; list them.
  [[nodiscard]] virtual Result<std::optional<DraftList>> ListDraftsSince(
      std::uint64_t version, const std::optional<ConversationId>& conversation) = 0;

  // Told of each change after it was made, in no certain order; on the thread that made it.
  [[nodiscard]] virtual std::unique_ptr<Subscription> WatchDrafts(OnDraft listener) = 0;

  // `sequence` and `set_at` are filled in. kNotFound: no such conversation, or no such message in
  // it. kInvalidArgument: neither a message nor at the bottom, or no fit name of a UI.
  // kResourceExhausted: limits::kViewStates wait to be written.
  [[nodiscard]] virtual Result<void> SetViewState(ViewState state) = 0;

  // Nothing: none was set.
  [[nodiscard]] virtual Result<std::optional<ShownViewState>> GetViewState(
      const ConversationId& conversation, const std::string& ui) = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_USER_STATE_H_
