// The recovery code: what a person writes down on paper so that a lost key store is not lost data.
//
// Seven groups of five characters, as in K7M2Q-0ZX4T-…: four of each say something, 140 random bits
// in all, the fifth checks its group. The alphabet has no I, L, O or U, which are misread.

#ifndef HARK_DAEMON_KEYS_RECOVERY_CODE_H_
#define HARK_DAEMON_KEYS_RECOVERY_CODE_H_

#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::keys {

[[nodiscard]] Secret NewRecoveryCode();

// As a person typed it, in the form that NewRecoveryCode() gives: case, dashes and spaces do not
// matter, O is 0, and I and L are 1. kInvalidArgument: no such code; the sentence names the group
// that is mistyped, not what was typed.
[[nodiscard]] Result<Secret> ParseRecoveryCode(std::string_view typed);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_RECOVERY_CODE_H_
