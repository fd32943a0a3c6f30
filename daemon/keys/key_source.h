// Where the master key and the backend's tokens are kept: the platform's key store, behind one
// interface (DESIGN §5).

#ifndef HARK_DAEMON_KEYS_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_KEY_SOURCE_H_

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::keys {

inline constexpr std::size_t kMasterKeyBytes = 32;

// Not thread-safe: used from the I/O thread. Calls may block for a local disk access or the key
// store's prompt.
//
// Errors common to all: kLocked (the key store is there and locked), kCorrupt (what is there is no
// key of ours: wrong length, wrong owner or mode, fails its check), kInternal. No error changes
// anything on disk.
class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  // The master key. kNotFound: there is none yet; the caller decides whether one may be made.
  [[nodiscard]] virtual Result<Secret> LoadMasterKey() = 0;

  // Makes a new random master key, durably. kConflict: there is one already; it is not replaced.
  [[nodiscard]] virtual Result<Secret> CreateMasterKey() = 0;

  // A small secret kept beside the key, encrypted: the session of the signed-in account. Absent:
  // none. `name`: lower-case letters and dashes.
  [[nodiscard]] virtual Result<std::optional<Secret>> LoadSecret(std::string_view name) = 0;

  // Replaces it, durably and atomically.
  [[nodiscard]] virtual Result<void> StoreSecret(std::string_view name, const Secret& secret) = 0;

  // Forgets it; no error if there is none.
  [[nodiscard]] virtual Result<void> EraseSecret(std::string_view name) = 0;
};

// HKDF-SHA256 of the master key; `context` names the account and the file. 32 bytes.
[[nodiscard]] Secret DeriveKey(const Secret& master, std::string_view context);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_KEY_SOURCE_H_
