// Opens the store of whoever is signed in, runs its sync, and swaps both when somebody else signs
// in.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_MANAGER_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_MANAGER_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "daemon/account/account_files.h"
#include "daemon/account/account_folders.h"
#include "daemon/account/account_session.h"
#include "daemon/account/accounts.h"
#include "daemon/account/key_keeper.h"
#include "daemon/account/session_record.h"
#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/base/metrics.h"
#include "daemon/base/task.h"
#include "daemon/keys/vault.h"
#include "daemon/store/authored_state.h"
#include "daemon/transport/backend.h"

namespace hark::account {

// Clock, metrics and vault outlive the manager, and so do the executors' threads.
struct AccountOptions {
  std::filesystem::path data_dir;  // Accounts are in folders below it.
  std::string backend_url;
  std::shared_ptr<transport::Backend> backend;
  std::string client;                    // "harkd/1.0.0"
  std::chrono::milliseconds outbox_age;  // How long an unsent message is tried by itself.
  RetentionPolicy retention;
  Clock& clock;
  Metrics& metrics;
  keys::Vault& vault;     // Used on its thread alone.
  Executor vault_thread;  // One thread, which may wait for a key store.
  Executor io;
  Executor readers;
  // How long a thread that may wait does so for the vault's thread or the I/O thread.
  std::chrono::milliseconds patience = 2 * limits::kKeyStoreCall;
};

// The problem while nobody signed in.
[[nodiscard]] Error Nobody();

// Start(), Stop() and NotifyWorldChanged() are called on the I/O thread; the Accounts calls on any.
class AccountManager final : public Accounts, public KeyCare {
 public:
  using Done = Accounts::Done;

  // `retry`: rings on the I/O thread.
  AccountManager(AccountOptions options, std::unique_ptr<Alarm> retry);

  // Opens the store of the last session and syncs it if somebody is signed in; waits for the key
  // store, a service of the desktop at most limits::kKeyStoreAtStart. An error is not the end: the
  // daemon runs, Problem() says what is wrong, and it is tried again.
  void Start();

  // From any thread, before Stop(): calls that wait for the vault's thread or the I/O thread, which
  // may not turn any more, give up.
  void StopWaiting() { stopping_.request_stop(); }
  // Ends the sync and every stream, and closes the store. No call is accepted afterwards.
  void Stop();

  // The network of this machine changed, or it was asleep.
  void NotifyWorldChanged();

  // For the account that is open and those that will be, from the next run of retention on.
  void SetRetention(RetentionPolicy policy);

  // Calls `turned` on the I/O thread when the writer of the open account has finished what it does
  // now; at once when none is open.
  void TurnWriter(std::function<void()> turned);

  [[nodiscard]] std::shared_ptr<OpenAccount> Current() override;
  [[nodiscard]] Error Problem() override;
  [[nodiscard]] AccountInfo Info() override;
  void SignIn(Secret token, Done done) override;
  void SignOut(Done done) override;
  void RollBack(bool force, RollBackDone done) override;
  void SignOutAndForget(bool discard_unsent, RemovedDone done) override;
  void ClearCache(ClearOptions options, RemovedDone done) override;
  [[nodiscard]] Result<std::unique_ptr<RestoreUpload>> BeginRestore() override;
  void Restore(std::unique_ptr<RestoreUpload> upload, RestoreOptions options,
               RestoreDone done) override;
  [[nodiscard]] KeyCare& keys() override { return *this; }
  [[nodiscard]] sync::StatusBoard& status() override { return board_; }

  // KeyCare.
  [[nodiscard]] keys::KeyStatus Status() const override { return keeper_.Status(); }
  void Look(KeyCare::Done<keys::KeyStatus> done) override;
  void Rotate(RotateRequest request, KeyCare::Done<RotateOutcome> done) override;
  void MakeRecoveryCode(KeyCare::Done<Secret> done) override;
  void Recover(Secret code, KeyCare::Done<keys::KeyStatus> done) override;

 private:
  // A session that was saved, and its files.
  struct Found {
    SessionRecord record;
    AccountFiles files;
  };
  using Loaded = Result<std::optional<Found>>;

  // Opening what was open before (opening.cc).
  [[nodiscard]] static Loaded Load(keys::Vault& vault, const std::filesystem::path& data_dir);
  void TryOpening();
  void FinishOpening(Loaded loaded);
  // There should be an account and there is none; tries again later.
  void Trouble(const Error& error);
  void AnswerLooks();

  // New keys (key_rotation.cc).
  struct Rotation;
  void BeginRotation(const RotateRequest& request, KeyCare::Done<RotateOutcome> done);
  void NextFile(const std::shared_ptr<Rotation>& rotation);
  void ReencryptOpen(const std::shared_ptr<Rotation>& rotation, const std::string& folder,
                     const std::string& file);
  [[nodiscard]] static Result<void> ReencryptClosedFile(keys::Vault& vault,
                                                        const std::filesystem::path& data_dir,
                                                        const std::string& folder,
                                                        const std::string& file);
  void FinishFile(const std::shared_ptr<Rotation>& rotation, const Result<void>& written);
  void EndRotation(Rotation& rotation, const Result<void>& result);

  [[nodiscard]] Result<void> OpenStore(const SessionRecord& record, AccountFiles files);
  // With `record_`, which is set.
  void Sync();
  // After a change that did not come to be, if it synced before.
  void SyncAgain();
  [[nodiscard]] bool Syncs(const SessionRecord& record) const;
  [[nodiscard]] sync::EngineParts MakeEngineParts(const SessionRecord& record);
  // The token that the backend gave in place of the one before.
  void SaveRenewed(const SessionRecord& record);
  void SetState(AccountState state);
  void SetProblem(Error error);
  void CloseSession(const Error& why);
  void FinishSignIn(Secret token, Result<UserId> user, const Done& done);
  void SwitchTo(const std::shared_ptr<SessionRecord>& record, Result<AccountFiles> files,
                const Done& done);
  void SaveSignIn(const std::shared_ptr<SessionRecord>& record, bool is_new, const Done& done);
  void FinishSignOut(const Done& done);
  void SignOutUnopened(const Done& done);
  void BeginRollBack(bool force, const RollBackDone& done);
  void FinishRollBack(bool force, const RollBackDone& done,
                      const std::shared_ptr<AccountFiles>& files);
  void ShowSignedOut();
  // While nobody syncs: an engine counts for itself.
  void OnUnsentChanged(const Commit& commit);

  // ---- account_changes.cc: forgetting and clearing ----

  // The account whose store is open, or should be.
  struct Place {
    SessionRecord record;
    AccountFiles files;
  };
  using SharedPlace = std::shared_ptr<const Place>;

  // Nobody signs in until EndChange(), unless the answer is an error. kPrecondition: there is no
  // account; kResourceExhausted: it is being changed already; or the vault's.
  void BeginChange(std::function<void(Result<SharedPlace>)> then);
  // Opens the account, as far as there is one and it is not open, and then calls `done`.
  void EndChange(std::function<void()> done);
  // What of it only this machine has. Nothing: it cannot be read.
  [[nodiscard]] std::optional<store::AuthoredState> ReadUnsent(const Place& place);
  // Closes the account and calls `then` once nobody uses its files.
  void CloseAnd(const SharedPlace& place, const Error& why, std::function<void()> then);
  void WhenClosed(const SharedPlace& place, std::function<void()> then);
  void BeginRemoving(Removal removal, bool discard, const RemovedDone& done);
  void FinishRemoving(Removal removal, bool discard, const SharedPlace& place,
                      const RemovedDone& done);
  void BeginClear(const RemovedDone& done);
  void ClearUnopened(const SharedPlace& place, const RemovedDone& done);
  [[nodiscard]] store::RenewKey CacheKeyRenewal(const std::string& name);

  // ---- restore.cc ----

  struct StagedBackup;
  [[nodiscard]] Result<SharedPlace> BeginRestoring();
  [[nodiscard]] Result<StagedBackup> Stage(const SharedPlace& place, const RestoreUpload& upload,
                                           const Secret& passphrase);
  void TakeStaged(const std::shared_ptr<StagedBackup>& staged, bool discard,
                  const RestoreDone& done);
  [[nodiscard]] Result<RestoreOutcome> FinishTaking(const StagedBackup& staged, bool discard);

  const AccountOptions options_;
  sync::StatusBoard board_;
  KeyKeeper keeper_;
  std::stop_source stopping_;

  // On the I/O thread only.
  std::optional<SessionRecord> record_;
  std::string device_id_;
  std::string folder_;       // Of the account that is open.
  bool signing_in_ = false;  // Or out, or putting files back: one at a time.
  bool opening_ = false;
  bool stopped_ = false;
  bool rolled_back_ = false;                           // The files wait for an older program.
  std::vector<KeyCare::Done<keys::KeyStatus>> looks_;  // At most limits::kKeyLooks.
  RetentionPolicy retention_;
  std::set<std::uint64_t> unsent_;  // Positions of what waits, while nobody syncs.
  // Account folders whose store is open, or still being closed: no second writer may open it.
  std::map<std::string, std::weak_ptr<int>> in_use_;
  asio::steady_timer closing_;  // Until the calls that still use a closed store have ended.

  // For every thread.
  std::mutex mutex_;
  std::shared_ptr<AccountSession> session_;
  AccountInfo info_;
  Error problem_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_MANAGER_H_
