// Text for a terminal: what a message contains must not be able to drive it, and columns must line
// up whatever the script.

#ifndef HARK_TOOLS_HARK_TEXT_H_
#define HARK_TOOLS_HARK_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hark::cli {

// Control characters, the ones that change the direction of writing, and bytes that are not UTF-8,
// written out: "\x1b",
// "\u202e". Line breaks and tabs become spaces.
[[nodiscard]] std::string Printable(std::string_view text);
// The same, but line breaks split. At least one line.
[[nodiscard]] std::vector<std::string> PrintableLines(std::string_view text);

// Columns of a terminal that printable text takes.
[[nodiscard]] std::size_t DisplayWidth(std::string_view text);
// Cut to at most `width` columns, with "…" if something was cut. Printable text.
[[nodiscard]] std::string Fit(std::string_view text, std::size_t width);
// Filled with spaces up to `width` columns, on the right or on the left.
[[nodiscard]] std::string PadRight(std::string_view text, std::size_t width);
[[nodiscard]] std::string PadLeft(std::string_view text, std::size_t width);
// Broken at spaces, or where there are none anywhere, into lines of at most `width` columns.
[[nodiscard]] std::vector<std::string> Wrap(std::string_view text, std::size_t width);

// 1234567 as "1,234,567".
[[nodiscard]] std::string Grouped(unsigned long long number);
// Bytes as "5.2 MiB".
[[nodiscard]] std::string Bytes(unsigned long long bytes);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_TEXT_H_
