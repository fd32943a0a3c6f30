// Takes every question about keys to the thread that may wait for a key store, and back; and looks
// again by itself while the keys are not there.

#ifndef HARK_DAEMON_ACCOUNT_KEY_KEEPER_H_
#define HARK_DAEMON_ACCOUNT_KEY_KEEPER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/key_care.h"
#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/keys/vault.h"

namespace hark::account {

// The vault, the executors and the clock outlive it. Its thread must have ended before it goes.
class KeyKeeper {
 public:
  KeyKeeper(keys::Vault& vault, Executor vault_thread, Executor io, const Clock& clock,
            std::unique_ptr<Alarm> alarm)
      : vault_(vault),
        vault_thread_(std::move(vault_thread)),
        io_(std::move(io)),
        clock_(clock),
        alarm_(std::move(alarm)) {}
  KeyKeeper(const KeyKeeper&) = delete;
  KeyKeeper& operator=(const KeyKeeper&) = delete;

  // Runs `work(keys::Vault&)`, which answers a Result, on the vault's thread, in the order of the
  // calls; then `then(that Result)` on the I/O thread. From any thread. Both may be move-only.
  template <typename Work, typename Then>
  void Ask(Work work, Then then) {
    asio::post(vault_thread_, [this, work = std::move(work), then = std::move(then)]() mutable {
      auto answer = Run(work);
      asio::post(io_, [answer = std::move(answer), then = std::move(then)]() mutable {
        then(std::move(answer));
      });
    });
  }

  // The same, on the vault's thread already.
  template <typename Work>
  auto Run(Work& work) {
    const keys::Vault::Batch batch(vault_);
    auto answer = work(vault_);
    SetStatus(vault_.Status());
    return answer;
  }

  [[nodiscard]] const Executor& vault_thread() const { return vault_thread_; }

  // From any thread. As the vault found it last; kCorrupt while the keys are right and files are
  // not.
  [[nodiscard]] keys::KeyStatus Status() const;

  // ---- On the I/O thread ----

  // Why the store cannot be opened although the keys are right.
  void SetStoreTrouble(const Error& error);
  void ClearStoreTrouble();

  // Calls `look` after a while, later with each call in a row: 0.5 s, doubling to 10 s.
  void LookLater(std::function<void()> look);
  // There is no reason to look any more, or somebody looks now.
  void StopLooking(bool settled);

 private:
  void SetStatus(const keys::KeyStatus& status);

  keys::Vault& vault_;
  const Executor vault_thread_;
  const Executor io_;
  const Clock& clock_;

  const std::unique_ptr<Alarm> alarm_;
  std::chrono::milliseconds next_delay_{0};

  mutable std::mutex mutex_;
  keys::KeyStatus status_;
  std::string store_trouble_;  // Empty: none.
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_KEY_KEEPER_H_
