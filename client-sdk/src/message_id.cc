// Message ids: UUID version 7 (RFC 9562), 48 bits of Unix milliseconds and 74 random bits.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <unistd.h>

#include "hark/client.h"

#if defined(__APPLE__)
#include <sys/random.h>
#endif

namespace hark::client {

std::string NewMessageId() {
  std::array<unsigned char, 16> bytes{};
  // The kernel's generator fails only where there is none; ids that are not unique would lose
  // messages.
  if (getentropy(bytes.data(), bytes.size()) != 0) std::abort();

  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const auto milliseconds = static_cast<std::uint64_t>(now.count());
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<unsigned char>((milliseconds >> (8U * (5U - i))) & 0xFFU);
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x70U);  // version 7
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);  // variant of RFC 9562

  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  id.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += kHex[bytes[i] >> 4U];
    id += kHex[bytes[i] & 0x0FU];
  }
  return id;
}

}  // namespace hark::client
