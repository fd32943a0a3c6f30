#include "daemon/base/uuid.h"

#include <array>
#include <cstdint>
#include <mutex>

#include <openssl/rand.h>

#include "daemon/base/check.h"

namespace hark {
namespace {

// The last id's time and counter: RFC 9562 method 1, a 12-bit counter in rand_a keeps ids of one
// millisecond in order.
struct Last {
  std::mutex mutex;
  std::uint64_t milliseconds = 0;
  std::uint32_t counter = 0;
};

constexpr std::uint32_t kCounterMax = 0xFFF;

}  // namespace

std::string NewUuidV7(WallTime now) {
  static Last last;
  std::array<std::uint8_t, 16> bytes{};
  HARK_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::uint64_t milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::uint32_t counter = 0;
  {
    const std::lock_guard lock(last.mutex);
    if (milliseconds > last.milliseconds) {
      last.milliseconds = milliseconds;
      // Half the range stays free for this millisecond.
      last.counter = ((static_cast<std::uint32_t>(bytes[6]) << 8) | bytes[7]) & (kCounterMax >> 1);
    } else if (++last.counter > kCounterMax) {
      last.counter = 0;
      ++last.milliseconds;
    }
    milliseconds = last.milliseconds;
    counter = last.counter;
  }
  for (std::size_t i = 0; i < 6; ++i)
    bytes[i] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - i)));
  bytes[6] = static_cast<std::uint8_t>(0x70 | (counter >> 8));
  bytes[7] = static_cast<std::uint8_t>(counter);
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3F));

  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[bytes[i] >> 4]);
    text.push_back(kHex[bytes[i] & 0x0F]);
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      return false;
    }
  }
  return true;
}

}  // namespace hark
