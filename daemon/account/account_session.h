// One account while it is open: its store, its bus, what clients may ask, and, while somebody is
// signed in, its sync engine.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_

#include <memory>

#include "daemon/account/accounts.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/sync/engine.h"
#include "daemon/sync/local_intents.h"

namespace hark::account {

// Made, synced and destroyed on the I/O thread; the OpenAccount calls are for any thread.
class AccountSession final : public OpenAccount {
 public:
  // `options.on_commit` is set here. Errors are the store's; nothing is left open then.
  [[nodiscard]] static Result<std::unique_ptr<AccountSession>> Open(store::StoreOptions options);

  AccountSession(const AccountSession&) = delete;
  AccountSession& operator=(const AccountSession&) = delete;
  ~AccountSession() override;

  [[nodiscard]] store::Reader& reader() override { return *store_; }
  [[nodiscard]] sync::Intents& intents() override { return *intents_; }
  [[nodiscard]] std::shared_ptr<bus::EventBus> bus() override { return bus_; }

  // Starts an engine, in place of the one before. Reader, writer and bus of `parts` are filled in
  // here.
  void StartSync(sync::EngineParts parts);
  void StopSync();

 private:
  explicit AccountSession(const Clock& clock) : clock_(clock) {}
  void OnCommit(const std::shared_ptr<const Commit>& commit);

  const Clock& clock_;
  std::shared_ptr<store::SqlcipherStore> store_;
  std::shared_ptr<bus::EventBus> bus_;
  std::unique_ptr<sync::LocalIntents> intents_;
  std::shared_ptr<sync::Engine> engine_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_
