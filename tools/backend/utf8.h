#ifndef HARK_TOOLS_BACKEND_UTF8_H_
#define HARK_TOOLS_BACKEND_UTF8_H_

// UTF-8 at the door: one invalid string in a protobuf message makes the whole message unreadable
// for the receiver, so nothing invalid is let in, and nothing is cut inside a character.

#include <cstddef>
#include <string_view>

namespace hark::backend {

bool IsValidUtf8(std::string_view text);

// The longest beginning of `text` of at most `bytes` bytes that ends between two characters. `text`
// is valid.
std::string_view Utf8PrefixBytes(std::string_view text, std::size_t bytes);

// The first `characters` code points of `text`. `text` is valid.
std::string_view Utf8PrefixCharacters(std::string_view text, std::size_t characters);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_UTF8_H_
