// Bytes as text, for files that a person may look at, and for tokens.

#ifndef HARK_DAEMON_BASE_HEX_H_
#define HARK_DAEMON_BASE_HEX_H_

#include <optional>
#include <string>
#include <string_view>

namespace hark {

[[nodiscard]] std::string ToHex(std::string_view bytes);
// Nothing: an odd length, or something else than 0-9 and a-f.
[[nodiscard]] std::optional<std::string> FromHex(std::string_view text);

}  // namespace hark

#endif  // HARK_DAEMON_BASE_HEX_H_
