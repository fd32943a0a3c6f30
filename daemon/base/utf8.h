// UTF-8, checked where text enters: protobuf refuses to parse a whole message with one bad string
// in it, so one poisoned row would make every page unreadable.

#ifndef HARK_DAEMON_BASE_UTF8_H_
#define HARK_DAEMON_BASE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace hark {

// No overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool IsValidUtf8(std::string_view text);

// The longest prefix of valid UTF-8 `text` with at most `count` code points.
[[nodiscard]] std::string_view FirstCharacters(std::string_view text, std::size_t count);

// The longest prefix of valid UTF-8 `text` of at most `count` bytes that does not cut a code point.
[[nodiscard]] std::string_view FirstBytes(std::string_view text, std::size_t count);

}  // namespace hark

#endif  // HARK_DAEMON_BASE_UTF8_H_
