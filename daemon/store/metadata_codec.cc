#include "daemon/store/metadata_codec.h"

#include <cstddef>
#include <optional>

namespace hark::store {
namespace {

// Seven bits a byte, the lowest first; the high bit says that more follow.
void AppendString(std::string& out, std::string_view text) {
  std::size_t length = text.size();
  while (length >= 0x80) {
    out += static_cast<char>((length & 0x7f) | 0x80);
    length >>= 7;
  }
  out += static_cast<char>(length);
  out += text;
}

std::optional<std::string_view> TakeString(std::string_view& bytes) {
  std::size_t length = 0;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    if (length > bytes.size()) return std::nullopt;
    const std::string_view text = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return text;
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeMetadata(const std::map<std::string, std::string>& metadata) {
  std::string bytes;
  for (const auto& [name, value] : metadata) {
    AppendString(bytes, name);
    AppendString(bytes, value);
  }
  return bytes;
}

std::map<std::string, std::string> DecodeMetadata(std::string_view bytes) {
  std::map<std::string, std::string> metadata;
  while (!bytes.empty()) {
    const auto name = TakeString(bytes);
    if (!name) break;
    const auto value = TakeString(bytes);
    if (!value) break;
    metadata.emplace(*name, *value);
  }
  return metadata;
}

}  // namespace hark::store
