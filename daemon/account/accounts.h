// Who is signed in, and the parts that belong to that account. The local API gets everything
// through here, so that signing in as another user swaps all of it at once (guarantee G11).

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/ids.h"
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

// One account's parts. Held by shared_ptr: a call that began before a switch finishes on the
// account it began with, and the parts answer kCancelled once they are closed.
class OpenAccount {
 public:
  virtual ~OpenAccount() = default;
  [[nodiscard]] virtual store::Reader& reader() = 0;
  [[nodiscard]] virtual sync::Intents& intents() = 0;
  [[nodiscard]] virtual std::shared_ptr<bus::EventBus> bus() = 0;
};

// Safe to call from any thread. Nothing blocks.
class Accounts {
 public:
  using Done = std::function<void(Result<AccountInfo>)>;

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

  // Of the present account; kSignedOut when there is none. Lives as long as this object.
  [[nodiscard]] virtual sync::StatusBoard& status() = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNTS_H_
