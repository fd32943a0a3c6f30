// The metadata of a message as bytes: each name and value after its length, in the order of the
// names.

#ifndef HARK_DAEMON_STORE_METADATA_CODEC_H_
#define HARK_DAEMON_STORE_METADATA_CODEC_H_

#include <map>
#include <string>
#include <string_view>

namespace hark::store {

// Empty for none. Equal metadata has equal bytes.
[[nodiscard]] std::string EncodeMetadata(const std::map<std::string, std::string>& metadata);

// Total: of damaged bytes, the entries before the damage.
[[nodiscard]] std::map<std::string, std::string> DecodeMetadata(std::string_view bytes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_METADATA_CODEC_H_
