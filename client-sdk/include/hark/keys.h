// The keys of everything that the daemon stores: how they stand, and what can be done about them.

#ifndef HARK_CLIENT_KEYS_H_
#define HARK_CLIENT_KEYS_H_

#include <cstdint>
#include <string>

namespace hark::client {

struct KeyStatus {
  // Those after kReady end by themselves when their cause does; until then there is no account.
  enum class State {
    kUnknown,  // A newer daemon said something that this SDK does not know.
    kNone,     // No key yet: it is made at the first sign-in.
    kReady,
    kLocked,           // Unlock the key store.
    kMissing,          // Put the key back, or recover it by its code.
    kWrongKey,         // The key that is there is of other data.
    kKeyStoreChanged,  // Another kind of key store, or another generation of the key, than needed.
    kCorrupt,          // The key, the key ring or a database file is damaged, gone or foreign.
  };

  State state = State::kUnknown;
  std::string kind;              // Of the key store: "secret-service", "credential", "file", …
  std::uint32_t generation = 0;  // Of the master key; one more with each rotation.
  bool has_recovery_code = false;
  std::string sentence;  // What is wrong and what to do; empty when nothing is.
};

struct RotateKeyRequest {
  bool full = false;
  std::string to;  // The kind of key store to move to; empty: it stays.
};

struct RotateKeyOutcome {
  std::uint32_t generation = 0;
  bool recovery_code_dropped = false;  // There was one, and it does not fit any more.
  std::uint32_t files = 0;             // Written anew.
};

}  // namespace hark::client

#endif  // HARK_CLIENT_KEYS_H_
