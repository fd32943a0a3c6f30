#include "client-sdk/src/utf8.h"

#include <cstddef>

namespace hark::client {
namespace {

// What may follow a lead byte: how many bytes, and the range of the first of them (the others are
// 80 to BF).
struct Tail {
  std::size_t length;
  unsigned char low;
  unsigned char high;
};

constexpr std::size_t kInvalid = 9;

Tail TailOf(unsigned char lead) {
  if (lead < 0x80) return {0, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {kInvalid, 0, 0};
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Tail tail = TailOf(static_cast<unsigned char>(text[at]));
    if (tail.length == kInvalid || tail.length >= text.size() - at) return false;
    for (std::size_t i = 1; i <= tail.length; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      const unsigned char low = i == 1 ? tail.low : 0x80;
      const unsigned char high = i == 1 ? tail.high : 0xBF;
      if (byte < low || byte > high) return false;
    }
    at += tail.length + 1;
  }
  return true;
}

}  // namespace hark::client
