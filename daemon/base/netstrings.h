// Values one after another in one string, each with its length in front (netstrings): for small
// records that hold secrets, where no value needs escaping and no copy is made on the way.

#ifndef HARK_DAEMON_BASE_NETSTRINGS_H_
#define HARK_DAEMON_BASE_NETSTRINGS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hark {

// What AppendNetstring() adds to the length of the value, at most.
inline constexpr std::size_t kNetstringOverhead = 12;

// Does not allocate if `out` has reserved enough: a growing string would leave copies behind.
void AppendNetstring(std::string& out, std::string_view value);

// Takes the first one off `in`. Nothing: there is none, or it is malformed.
[[nodiscard]] std::optional<std::string_view> TakeNetstring(std::string_view& in);
// The same for a number of at most 32 bits.
[[nodiscard]] std::optional<std::uint32_t> TakeNumber(std::string_view& in);

}  // namespace hark

#endif  // HARK_DAEMON_BASE_NETSTRINGS_H_
