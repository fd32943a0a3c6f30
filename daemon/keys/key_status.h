// How the keys of this installation stand (guarantee G9), in words that a client can act on.

#ifndef HARK_DAEMON_KEYS_KEY_STATUS_H_
#define HARK_DAEMON_KEYS_KEY_STATUS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace hark::keys {

enum class KeyState : std::uint8_t {
  kNone,             // There is no key yet, and nothing that needs one: made at the first sign-in.
  kReady,            // The key is there and is the right one.
  kLocked,           // The key store is there and does not give the key now: unlock it.
  kMissing,          // The key, or the whole key store, is not there: put it back.
  kWrongKey,         // A key is there, and it is of another installation.
  kKeyStoreChanged,  // The key store is of another kind than the recorded one, or was put back to
                     // another generation of the key than the data needs.
  kCorrupt,          // The key, the key ring or a file of the data is damaged, gone or not ours.
};

// "ready", "locked", "wrong-key": for logs.
[[nodiscard]] std::string_view TextOf(KeyState state);

// Each state but the first two changes no byte on the disk, and ends by itself when its cause does.
struct KeyStatus {
  KeyState state = KeyState::kNone;
  std::string kind;              // Of the key store, as recorded: "file". Empty: none yet.
  std::uint32_t generation = 0;  // Of the master key; 0: none yet.
  bool has_recovery_code = false;
  std::string sentence;  // What is wrong and what to do. Empty when nothing is wrong.

  friend bool operator==(const KeyStatus&, const KeyStatus&) = default;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_KEY_STATUS_H_
