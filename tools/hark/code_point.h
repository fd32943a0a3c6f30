// Code points of UTF-8 text and what a terminal makes of each.

#ifndef HARK_TOOLS_HARK_CODE_POINT_H_
#define HARK_TOOLS_HARK_CODE_POINT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hark::cli {

struct CodePoint {
  std::uint32_t value = 0;
  // Bytes that it takes; at least 1.
  std::size_t length = 1;
  // False: a byte that is not UTF-8; `value` is the byte.
  bool valid = false;
};

// The first code point of `text`, which must not be empty.
[[nodiscard]] CodePoint FirstCodePoint(std::string_view text);

// Must not reach a terminal as it is: C0, C1, DEL, line and paragraph separators, marks that change
// the direction.
[[nodiscard]] bool IsUnsafe(std::uint32_t value);

// 0, 1 or 2 columns, by the ranges of Unicode 15 that matter in practice. Does not depend on the
// locale.
[[nodiscard]] std::size_t ColumnsOf(std::uint32_t value);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_CODE_POINT_H_
