// Integers in text that somebody else wrote.

#ifndef HARK_DAEMON_BASE_INTEGER_H_
#define HARK_DAEMON_BASE_INTEGER_H_

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace hark {

// The whole of `text`: digits, and a minus before them if the type has one; no plus, space or
// prefix. Absent: it is something else, or does not fit.
template <typename Integer>
[[nodiscard]] std::optional<Integer> ParseInteger(std::string_view text, int base = 10) {
  Integer value{};
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace hark

#endif  // HARK_DAEMON_BASE_INTEGER_H_
