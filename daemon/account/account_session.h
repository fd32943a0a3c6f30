// One account while it is open: its store, its bus, what clients may ask, and, while somebody is
// signed in, its sync engine.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_

#include <functional>
#include <memory>
#include <utility>

#include "daemon/account/account_archive.h"
#include "daemon/account/accounts.h"
#include "daemon/account/retention_keeper.h"
#include "daemon/account/user_state_keeper.h"
#include "daemon/base/asio_alarm.h"
#include "daemon/base/task.h"
#include "daemon/store/authored_state.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/sync/engine.h"
#include "daemon/sync/local_intents.h"

namespace hark::account {

// Made, synced and destroyed on the I/O thread; the OpenAccount calls are for any thread.
class AccountSession final : public OpenAccount {
 public:
  // `options.on_commit` and `options.on_health` are set here. Errors are the store's; nothing is
  // left open then.
  [[nodiscard]] static Result<std::unique_ptr<AccountSession>> Open(store::StoreOptions options,
                                                                    RetentionPolicy retention,
                                                                    ArchiveOwner owner,
                                                                    Executor io);

  AccountSession(const AccountSession&) = delete;
  AccountSession& operator=(const AccountSession&) = delete;
  ~AccountSession() override;

  [[nodiscard]] store::Reader& reader() override { return *store_; }
  [[nodiscard]] sync::Intents& intents() override { return *intents_; }
  [[nodiscard]] std::shared_ptr<bus::EventBus> bus() override { return bus_; }
  [[nodiscard]] Retention& retention() override { return *keeper_; }
  [[nodiscard]] UserState& user_state() override { return *user_state_; }
  [[nodiscard]] Archive& archive() override { return *archive_; }

  // What an engine is made of; asked each time that one is started, on the I/O thread. Reader,
  // writer and bus are filled in here.
  using MakeParts = std::function<sync::EngineParts()>;

  // Starts an engine, in place of the one before. While the store replaces a damaged cache there is
  // none, and the status is DEGRADED; afterwards another one is started, which reconciles.
  void StartSync(MakeParts make_parts);
  void StopSync();
  // Calls `changed` on the I/O thread, in order, for each commit that made what waits to be sent
  // different while nobody syncs: it can be taken back then too.
  void WatchUnsent(std::function<void(const Commit&)> changed) {
    unsent_changed_ = std::move(changed);
  }
  // From the next run of retention on.
  void SetRetention(RetentionPolicy policy) { keeper_->SetPolicy(policy); }
  // Calls `turned` on the I/O thread when the store's writer has finished what it does now.
  void TurnWriter(std::function<void()> turned);
  // The network of this machine changed, or it was asleep.
  void NotifyWorldChanged();

  // store::SqlcipherStore::ReadUnsent().
  [[nodiscard]] Result<store::AuthoredState> ReadUnsent() { return store_->ReadUnsent(); }
  // store::SqlcipherStore::ClearCache().
  void ClearCache(store::RenewKey renew, store::Writer::Done<std::uint64_t> done);
  // SqlcipherStore::Reencrypt().
  void Reencrypt(store::File file, Secret key, store::Writer::Done<std::uint64_t> done) {
    store_->Reencrypt(file, std::move(key), std::move(done));
  }

 private:
  AccountSession(const Clock& clock, Executor io)
      : clock_(clock), io_(std::move(io)), save_alarm_(io_) {}
  void OnCommit(const std::shared_ptr<const Commit>& commit);
  // On the writer's thread.
  void OnHealth(store::StoreHealth health);

  // From any thread.
  void SaveUserStateAt(Clock::Instant at);

  // On the I/O thread.
  void HealthChanged(store::StoreHealth health);
  void StartEngine();
  void StopEngine();

  const Clock& clock_;
  const Executor io_;
  // Gone with the session: what was posted to the I/O thread looks whether it still is.
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
  AsioAlarm save_alarm_;  // On the I/O thread.
  MakeParts make_parts_;  // Empty: nobody syncs.
  std::function<void(const Commit&)> unsent_changed_;
  std::shared_ptr<store::SqlcipherStore> store_;
  std::shared_ptr<bus::EventBus> bus_;
  std::unique_ptr<sync::LocalIntents> intents_;
  std::unique_ptr<RetentionKeeper> keeper_;
  std::unique_ptr<UserStateKeeper> user_state_;
  std::unique_ptr<AccountArchive> archive_;
  std::shared_ptr<sync::Engine> engine_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_SESSION_H_
