#include "daemon/store/metadata_codec.h"

#include "daemon/store/byte_codec.h"

namespace hark::store {

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
