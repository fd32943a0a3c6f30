// Who is signed in, and the parts that belong to that account. The local API gets everything
// through here, so that signing in as another user swaps all of it at once (guarantee G11).

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/account/archive.h"
#include "daemon/account/key_care.h"
#include "daemon/account/user_state.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/ids.h"
#include "daemon/model/retention.h"
#include "daemon/store/reader.h"
#include "daemon/sync/intents.h"
#include "daemon/sync/status.h"

namespace hark::account {

enum class AccountState : std::uint8_t {
  kNone,          // Never signed in.
  kSignedIn,      // Synced.
  kSignedOut,     // Readable, not synced.
  kAuthRequired,  // The backend no longer accepts the token.
};

struct AccountInfo {
  AccountState state = AccountState::kNone;
  UserId user;
  std::string backend_url;
};

struct RetentionOutcome {
  std::uint64_t messages = 0;      // Removed.
  std::uint64_t bytes_before = 0;  // Of cache.db with its WAL.
  std::uint64_t bytes_after = 0;
};

// How long messages are kept here. Safe to call from any thread. `done` is called exactly once,
// from another thread or at once; it must not block.
class Retention {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  virtual ~Retention() = default;

  // As configured.
  [[nodiscard]] virtual RetentionPolicy policy() const = 0;

  // What `policy` takes away now; reads only, for as long as it takes (store::RetentionStore).
  [[nodiscard]] virtual Result<RetentionPlan> Preview(const RetentionPolicy& policy) = 0;

  // Removes what the configured policy takes away. Calls during a run share the next one.
  virtual void Run(Done<RetentionOutcome> done) = 0;

  // store::RetentionStore::SetRetention. kNotFound.
  virtual void Set(ConversationId conversation, std::optional<std::uint32_t> days,
                   Done<LocalRevision> done) = 0;
};

// One account's parts. Held by shared_ptr: a call that began before a switch finishes on the
// account it began with, and the parts answer kCancelled once they are closed.
class OpenAccount {
 public:
  virtual ~OpenAccount() = default;
  [[nodiscard]] virtual store::Reader& reader() = 0;
  [[nodiscard]] virtual sync::Intents& intents() = 0;
  [[nodiscard]] virtual std::shared_ptr<bus::EventBus> bus() = 0;
  [[nodiscard]] virtual Retention& retention() = 0;
  [[nodiscard]] virtual UserState& user_state() = 0;
  [[nodiscard]] virtual Archive& archive() = 0;
};

// What a return to an older version's files did. Versions are those of the schemas.
struct RollBackOutcome {
  std::uint32_t from_cache = 0;
  std::uint32_t from_authored = 0;
  std::uint32_t to_cache = 0;
  std::uint32_t to_authored = 0;
  std::uint64_t entries_lost = 0;
  std::string aside;  // The folder with the files that were replaced.
};

// What was removed of an account.
struct Removed {
  std::uint64_t bytes = 0;
  std::uint64_t entries_lost = 0;  // Of the outbox; the backend never got them.
  std::uint64_t drafts_lost = 0;
};

struct ClearOptions {
  bool everything = false;      // Also what is authored here.
  bool discard_unsent = false;  // With `everything`: even if something is lost by it.
};

// Safe to call from any thread. Nothing blocks.
class Accounts {
 public:
  using Done = std::function<void(Result<AccountInfo>)>;
  using RestoreDone = std::function<void(Result<RestoreOutcome>)>;
  using RemovedDone = std::function<void(Result<Removed>)>;
  using RollBackDone = std::function<void(Result<RollBackOutcome>)>;

  Accounts() = default;
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;
  virtual ~Accounts() = default;

  // The account whose data is readable; null when there is none (never signed in), or while its
  // store cannot be opened
  // (`Problem` says why).
  [[nodiscard]] virtual std::shared_ptr<OpenAccount> Current() = 0;

  // Why Current() is null; kUnauthenticated when nobody ever signed in.
  [[nodiscard]] virtual Error Problem() = 0;

  [[nodiscard]] virtual AccountInfo Info() = 0;

  // Asks the backend who the token belongs to, opens that user's store, keeps the token and starts
  // syncing. kOffline and kUnauthenticated leave everything as it was; kLocked: the keys, or the
  // files wait for an older program. `done` is called once, on
  // the I/O thread; it must not block.
  virtual void SignIn(Secret token, Done done) = 0;

  // Forgets the token and stops syncing. `done` as above.
  virtual void SignOut(Done done) = 0;

  // Closes the present account and puts the backup of before the last migration in the place of its
  // files (store/rollback.h has the errors, kPrecondition for its kConflict). Afterwards there is
  // no account until an older program is started; after an error it is opened again. `done` as
  // above.
  virtual void RollBack(bool force, RollBackDone done) = 0;

  // Signs out, and removes everything that is here of the account, with its keys; afterwards there
  // is none, and the streams of before end with kConflict. No error if nobody ever signed in.
  // kPrecondition, and nothing changed: something would be lost (or nobody can say, since the store
  // cannot be opened), and `discard_unsent` is not set. kResourceExhausted: the account is being
  // changed already. A crash on the way is finished at the next start. `done` as above.
  virtual void SignOutAndForget(bool discard_unsent, RemovedDone done) = 0;

  // Removes the cache (store/clear_files.h); streams go on. With `everything`, all of the account's
  // files; streams end with kCancelled, and the account begins anew. Errors as SignOutAndForget();
  // kPrecondition also: there is no account. `done` as above, but on any thread.
  virtual void ClearCache(ClearOptions options, RemovedDone done) = 0;

  // For the bytes of a backup, which Restore() then takes. kPrecondition: there is no account.
  // kResourceExhausted: one is under way, or the disk is full. Blocks for the disk.
  [[nodiscard]] virtual Result<std::unique_ptr<RestoreUpload>> BeginRestore() = 0;
  // Verifies the upload, then closes the account, sets its files aside and puts the backup's in
  // their place; streams end with kCancelled. Verifying is done before this returns, on the
  // caller's thread, which is not the I/O thread: it takes as long as reading and writing all of
  // it. kInvalidArgument, kPrecondition, kResourceExhausted as Admin.Restore says; nothing has
  // changed then. A crash on the way is finished at the next start. `done` as above.
  virtual void Restore(std::unique_ptr<RestoreUpload> upload, RestoreOptions options,
                       RestoreDone done) = 0;

  // Of all accounts. Lives as long as this object.
  [[nodiscard]] virtual KeyCare& keys() = 0;

  // Of the present account; kSignedOut when there is none. Lives as long as this object.
  [[nodiscard]] virtual sync::StatusBoard& status() = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
