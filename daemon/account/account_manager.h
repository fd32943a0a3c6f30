// Opens the store of whoever is signed in, runs its sync, and swaps both when somebody else signs
// in.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_MANAGER_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_MANAGER_H_

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "daemon/account/account_session.h"
#include "daemon/account/accounts.h"
#include "daemon/account/session_record.h"
#include "daemon/base/clock.h"
#include "daemon/base/metrics.h"
#include "daemon/base/task.h"
#include "daemon/keys/key_source.h"
#include "daemon/transport/backend.h"

namespace hark::account {

// Clock, metrics and key source outlive the manager.
struct AccountOptions {
  std::filesystem::path data_dir;  // Accounts are in folders below it.
  std::string backend_url;
  std::shared_ptr<transport::Backend> backend;
  std::string client;                    // "harkd/1.0.0"
  std::chrono::milliseconds outbox_age;  // How long an unsent message is tried by itself.
  RetentionPolicy retention;
  Clock& clock;
  Metrics& metrics;
  keys::KeySource& keys;
  Executor io;
  Executor readers;
};

// Of one account's two files.
struct StoreSecrets {
  Secret cache;
  Secret authored;
};

// The account's folder: tells neither the user nor the backend to who reads the disk, and is the
// same at each sign-in.
[[nodiscard]] std::string FolderName(const Secret& master, const SessionRecord& record);
// `name`: the account's folder.
[[nodiscard]] StoreSecrets KeysOf(const Secret& master, const std::string& name);

// The Accounts calls may come from any thread; all others are made on the I/O thread.
class AccountManager final : public Accounts {
 public:
  explicit AccountManager(AccountOptions options);

  // Opens the store of the last session and syncs it if somebody is signed in. An error is not the
  // end: the daemon runs, and Problem() says what is wrong.
  void Start();

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
  [[nodiscard]] sync::StatusBoard& status() override { return board_; }

 private:
  [[nodiscard]] Result<Secret> MasterKey();
  [[nodiscard]] Result<void> OpenStore(const SessionRecord& record);
  [[nodiscard]] Result<void> Save(const SessionRecord& record);
  // With `record_`, which is set.
  void Sync();
  [[nodiscard]] sync::EngineParts MakeEngineParts(const SessionRecord& record);
  void SetState(AccountState state);
  void SetProblem(Error error);
  void CloseSession(const Error& why);
  void FinishSignIn(Secret token, Result<UserId> user, const Done& done);
  void FinishSignOut(const Done& done);
  void BeginRollBack(bool force, const RollBackDone& done);
  void FinishRollBack(bool force, const RollBackDone& done, const Secret& master,
                      const std::string& name);
  void ShowSignedOut();

  const AccountOptions options_;
  sync::StatusBoard board_;

  // On the I/O thread only.
  std::optional<SessionRecord> record_;
  std::string device_id_;
  bool signing_in_ = false;
  RetentionPolicy retention_;
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
