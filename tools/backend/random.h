#ifndef HARK_TOOLS_BACKEND_RANDOM_H_
#define HARK_TOOLS_BACKEND_RANDOM_H_

// Random names and secrets from the system's generator, and the one digest that the backend uses.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/backend/clock.h"

namespace hark::backend {

// 32 random bytes as 43 characters of base64url.
std::string RandomToken();

// 16 random bytes in hexadecimal.
std::string RandomHex();

// A UUID of version 7: sorts by the time it was made.
std::string UuidV7(TimePoint now);

// The 32 bytes of the SHA-256 of `data`.
std::string Sha256(std::string_view data);

std::string ToHex(std::string_view bytes);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_RANDOM_H_
