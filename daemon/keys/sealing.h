// Sealing: AES-256-GCM of a small secret under a key that seals nothing else. What it is
// (`purpose`) is authenticated with it, so one sealed secret cannot be passed off as another.

#ifndef HARK_DAEMON_KEYS_SEALING_H_
#define HARK_DAEMON_KEYS_SEALING_H_

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/secret.h"

namespace hark::keys {

// What sealing adds to the length: magic, nonce and tag.
inline constexpr std::size_t kSealOverheadBytes = 8 + 12 + 16;

// `key`: 32 bytes. The nonce is random, so the same secret never gives the same bytes twice.
[[nodiscard]] std::string Seal(const Secret& key, std::string_view purpose, const Secret& secret);

// Nothing when `sealed` was not made by Seal() with this key and purpose, or was changed since.
[[nodiscard]] std::optional<Secret> Unseal(const Secret& key, std::string_view purpose,
                                           std::string_view sealed);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_SEALING_H_
