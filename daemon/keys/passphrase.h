// A key made of what a person can remember.

#ifndef HARK_DAEMON_KEYS_PASSPHRASE_H_
#define HARK_DAEMON_KEYS_PASSPHRASE_H_

#include <cstddef>
#include <string_view>

#include "daemon/base/secret.h"

namespace hark::keys {

inline constexpr std::size_t kSaltBytes = 16;

// scrypt with N = 65536, r = 8, p = 1: 64 MiB and some 0.2 s for each guess. `salt`: kSaltBytes,
// random. 32 bytes.
[[nodiscard]] Secret KeyOfPassphrase(const Secret& passphrase, std::string_view salt);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_PASSPHRASE_H_
