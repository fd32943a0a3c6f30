// One connection to the Secret Service, for the length of one call.

#ifndef HARK_DAEMON_KEYS_SECRET_SESSION_H_
#define HARK_DAEMON_KEYS_SECRET_SESSION_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/libsecret.h"

namespace hark::keys {

// What an item of ours says of itself. `what`: "master-key" or "token".
struct SecretAttributes {
  std::string what;
  std::string store;
  std::string generation;  // Empty: not looked at.
};

struct SecretItemFound {
  SecretAttributes attributes;
  std::optional<Secret> secret;  // Absent: it is locked.
};

// Used by one thread. Errors as in key_source.h.
class SecretSession {
 public:
  // kNotFound: no service answers.
  [[nodiscard]] static Result<std::unique_ptr<SecretSession>> Open(const std::stop_token& stop);
  SecretSession(const SecretSession&) = delete;
  SecretSession& operator=(const SecretSession&) = delete;
  ~SecretSession();

  // The default collection: kLocked, or kNotFound.
  [[nodiscard]] Result<void> CheckUnlocked();
  [[nodiscard]] Result<std::vector<SecretItemFound>> Search(const SecretAttributes& wanted);
  // Replaces an item of the same attributes. kLocked: the collection is.
  [[nodiscard]] Result<void> Store(const SecretAttributes& attributes, const std::string& label,
                                   const Secret& secret);
  // Those of `wanted`, but for the generation `keep`. kLocked: one is.
  [[nodiscard]] Result<void> Remove(const SecretAttributes& wanted, const std::string& keep);

 private:
  SecretSession(const Libsecret& library, std::stop_token stop);

  // Every one that `wanted` fits, with the item itself.
  template <typename Use>
  [[nodiscard]] Result<void> ForEach(const SecretAttributes& wanted, const Use& use);
  // What `error` means; frees it.
  [[nodiscard]] tl::unexpected<Error> Failed(GError* error) const;

  const Libsecret& library_;
  GCancellable* const cancel_;
  GDBusConnection* bus_ = nullptr;
  SecretService* service_ = nullptr;

  // Ends calls that take too long.
  std::mutex mutex_;
  std::condition_variable_any done_;
  bool over_ = false;
  std::jthread watchdog_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_SECRET_SESSION_H_
