// Where master keys are kept: a key store, behind one interface (DESIGN §5). What they open is the
// key ring's business (vault.h).

#ifndef HARK_DAEMON_KEYS_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_KEY_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::keys {

inline constexpr std::size_t kMasterKeyBytes = 32;

// From the weakest to the strongest is no order that anything goes by: the kind is chosen once.
enum class KeyKind : std::uint8_t { kFile, kSecretService, kCredential, kKeychain };

// "file", "secret-service", "credential", "keychain".
[[nodiscard]] std::string_view TextOf(KeyKind kind);
[[nodiscard]] std::optional<KeyKind> KeyKindOf(std::string_view text);

// Which key it is. `store`: the installation's id, of our own making; empty: the key store cannot
// say. Generations count from 1, one more with each rotation.
struct KeyLabel {
  std::string store;
  std::uint32_t generation = 0;

  friend bool operator==(const KeyLabel&, const KeyLabel&) = default;
};

struct FoundKey {
  KeyLabel label;
  Secret key;
};

// Used by one thread at a time, never the I/O thread: a call may wait for the disk or for another
// process, as long as limits::kKeyStoreCall.
//
// Errors common to all: kLocked (the key store is there and does not answer, or is locked),
// kNotFound (it is not there), kCorrupt (what is there is no key of ours: wrong length, wrong owner
// or mode, fails its check), kInternal. No error changes anything.
class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  [[nodiscard]] virtual KeyKind kind() const = 0;

  // The keys that may be of `store`: those that say so and those that cannot say. When there is
  // none: those that stand where this one would. kNotFound: there is no key at all.
  [[nodiscard]] virtual Result<std::vector<FoundKey>> Load(const std::string& store) = 0;

  // Before the first key: whether one can be made now. Touches nothing. kPrecondition as Create().
  [[nodiscard]] virtual Result<void> CheckRoom() { return {}; }

  // Makes a new key, durably, beside those that are there. One of the same label is replaced: it is
  // what an interrupted call left. kPrecondition: this key store is only read.
  [[nodiscard]] virtual Result<Secret> Create(const KeyLabel& label) = 0;

  // Puts a key back that was lost, as Create() would.
  [[nodiscard]] virtual Result<void> Put(const KeyLabel& label, const Secret& key) = 0;

  // Removes the keys of a store, but not that of generation `keep` if given; and `old`, if it is
  // there and cannot say whose it is (empty: none). Other keys stay. No error if there is none, or
  // if this key store is only read.
  [[nodiscard]] virtual Result<void> Erase(const std::string& store,
                                           std::optional<std::uint32_t> keep,
                                           const Secret& old) = 0;

  // Whether tokens are kept here. Otherwise they are in the key ring, encrypted.
  [[nodiscard]] virtual bool keeps_tokens() const { return false; }
  // The backend's token. Absent: none. Only with keeps_tokens().
  [[nodiscard]] virtual Result<std::optional<Secret>> LoadToken(const std::string& store);
  // Empty: forgets it.
  [[nodiscard]] virtual Result<void> StoreToken(const std::string& store, const Secret& token);
};

// HKDF-SHA256 of a key; `context` says what for. 32 bytes.
[[nodiscard]] Secret DeriveKey(const Secret& master, std::string_view context);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_KEY_SOURCE_H_
