// Pinned keys: besides being trusted, the backend has to prove one of these. Whoever gets a trusted
// authority to sign a certificate for the backend's name still has another key.

#ifndef HARK_DAEMON_TRANSPORT_PINS_H_
#define HARK_DAEMON_TRANSPORT_PINS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace hark::transport {

// SHA-256 of a public key with its algorithm (SubjectPublicKeyInfo, DER), as in RFC 7469.
using KeyDigest = std::array<std::uint8_t, 32>;
using Pins = std::vector<KeyDigest>;

// "sha256//…" in base64, as curl writes it; several are separated by ';' or blanks. 1 to
// limits::kPins of them. kInvalidArgument, with a sentence that begins after the setting's name.
[[nodiscard]] Result<Pins> ParsePins(std::string_view text);

// The other way round.
[[nodiscard]] std::string PinText(const KeyDigest& digest);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_PINS_H_
