// Who is signed in, and the parts that belong to that account. The local API gets everything
// through here, so that signing in as another user swaps all of it at once (guarantee G11).

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

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

// Safe to call from any thread. Nothing blocks.
class Accounts {
 public:
  using Done = std::function<void(Result<AccountInfo>)>;
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
  // syncing. kOffline and kUnauthenticated leave everything as it was. `done` is called once, on
  // the I/O thread; it must not block.
  virtual void SignIn(Secret token, Done done) = 0;

  // Forgets the token and stops syncing. `done` as above.
  virtual void SignOut(Done done) = 0;

  // Closes the present account and puts the backup of before the last migration in the place of its
  // files (store/rollback.h has the errors, kPrecondition for its kConflict). Afterwards there is
  // no account until an older program is started; after an error it is opened again. `done` as
  // above.
  virtual void RollBack(bool force, RollBackDone done) = 0;

  // Of all accounts. Lives as long as this object.
  [[nodiscard]] virtual KeyCare& keys() = 0;

  // Of the present account; kSignedOut when there is none. Lives as long as this object.
  [[nodiscard]] virtual sync::StatusBoard& status() = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
