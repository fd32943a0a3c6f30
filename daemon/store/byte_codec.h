// Numbers and strings in a blob, one after the other.

#ifndef HARK_DAEMON_STORE_BYTE_CODEC_H_
#define HARK_DAEMON_STORE_BYTE_CODEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hark::store {

// Seven bits a byte, the lowest first; the high bit says that more follow.
void AppendNumber(std::string& out, std::uint64_t number);
// Its length, then its bytes.
void AppendString(std::string& out, std::string_view text);

// Take what is in front; nothing if the bytes are no such thing.
[[nodiscard]] std::optional<std::uint64_t> TakeNumber(std::string_view& bytes);
[[nodiscard]] std::optional<std::string_view> TakeString(std::string_view& bytes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_BYTE_CODEC_H_
