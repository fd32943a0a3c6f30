// What clients may ask of the keys: how they stand, another master key, a recovery code.

#ifndef HARK_DAEMON_ACCOUNT_KEY_CARE_H_
#define HARK_DAEMON_ACCOUNT_KEY_CARE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/key_status.h"

namespace hark::account {

struct RotateRequest {
  bool full = false;  // The database files too are written anew, under new keys.
  std::string to;     // The kind of key store to move to; empty: the present one.
};

struct RotateOutcome {
  std::uint32_t generation = 0;
  bool recovery_code_dropped = false;  // There was one, and it does not fit any more.
  std::uint32_t files = 0;             // Written anew.
};

// Safe to call from any thread; nothing blocks. `done` is called exactly once, on the I/O thread;
// it must not block.
class KeyCare {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  virtual ~KeyCare() = default;

  // As they were last found.
  [[nodiscard]] virtual keys::KeyStatus Status() const = 0;

  // Looks afresh and, if there is no account although there should be one, tries to open it.
  // kResourceExhausted: too many wait for that already.
  virtual void Look(Done<keys::KeyStatus> done) = 0;

  // keys::Vault::Rotate() and, with `full`, a new key for every file. Reads go on, and so do
  // writes, except for some moments for each file. kInvalidArgument: no such kind.
  virtual void Rotate(RotateRequest request, Done<RotateOutcome> done) = 0;

  // The code, which is kept nowhere.
  virtual void MakeRecoveryCode(Done<Secret> done) = 0;

  // With that code, as a person typed it.
  virtual void Recover(Secret code, Done<keys::KeyStatus> done) = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_KEY_CARE_H_
