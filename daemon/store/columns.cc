#include "daemon/store/columns.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "daemon/store/metadata_codec.h"

namespace hark::store {
namespace {

constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kUuidCharacters = 36;

constexpr bool IsDash(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

constexpr signed char kNoHex = -1;

// Of each byte, as a lower-case digit. A table, since a sync looks up a few million of them.
constexpr auto kHexValues = [] {
  std::array<signed char, 256> values{};
  values.fill(kNoHex);
  for (int i = 0; i < 10; ++i)
    values[static_cast<std::size_t>('0' + i)] = static_cast<signed char>(i);
  for (int i = 0; i < 6; ++i)
    values[static_cast<std::size_t>('a' + i)] = static_cast<signed char>(10 + i);
  return values;
}();

std::optional<std::array<char, kUuidBytes>> PackUuid(std::string_view id) {
  if (id.size() != kUuidCharacters) return std::nullopt;
  std::array<char, kUuidBytes> packed{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (IsDash(i)) {
      if (id[i] != '-') return std::nullopt;
      continue;
    }
    const signed char value = kHexValues[static_cast<unsigned char>(id[i])];
    if (value == kNoHex) return std::nullopt;
    char& byte = packed[digits / 2];
    byte = static_cast<char>((static_cast<unsigned char>(byte) << 4) | value);
    ++digits;
  }
  return packed;
}

std::string UnpackUuid(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  id.reserve(kUuidCharacters);
  for (const char c : bytes) {
    if (IsDash(id.size())) id += '-';
    const auto byte = static_cast<unsigned char>(c);
    id += kHex[byte >> 4];
    id += kHex[byte & 15];
  }
  return id;
}

// Stored as the index: only ever append.
constexpr std::array<std::string_view, 4> kCommonTypes = {"", "text/plain", "text/markdown",
                                                          "text/html"};

constexpr std::int64_t kSameAsId = 1;

}  // namespace

void BindId(Query& query, std::string_view id) {
  if (const auto packed = PackUuid(id)) {
    query.Blob({packed->data(), packed->size()});
  } else {
    query.Text(id);
  }
}

std::string GetId(const Query& query, int column) {
  if (!query.IsBlob(column)) return query.GetText(column);
  return UnpackUuid(query.GetBytes(column));
}

void BindServerId(Query& query, std::string_view server_id, std::string_view id) {
  if (server_id.empty()) {
    query.Null();
  } else if (server_id == id) {
    query.Int(kSameAsId);
  } else {
    BindId(query, server_id);
  }
}

std::string GetServerId(const Query& query, int column, std::string_view id) {
  if (query.IsNull(column)) return {};
  if (query.IsInteger(column)) return std::string(id);
  return GetId(query, column);
}

void BindContentType(Query& query, std::string_view content_type) {
  if (content_type.empty()) {
    query.Null();
    return;
  }
  for (std::size_t i = 1; i < kCommonTypes.size(); ++i) {
    if (content_type == kCommonTypes[i]) {
      query.Int(static_cast<std::int64_t>(i));
      return;
    }
  }
  query.Text(content_type);
}

std::string GetContentType(const Query& query, int column) {
  if (!query.IsInteger(column)) return query.GetText(column);
  const auto index = query.GetUint(column);
  return index < kCommonTypes.size() ? std::string(kCommonTypes[index]) : std::string();
}

void BindMetadata(Query& query, const std::map<std::string, std::string>& metadata) {
  if (metadata.empty()) {
    query.Null();
  } else {
    query.Blob(EncodeMetadata(metadata));
  }
}

std::map<std::string, std::string> GetMetadata(const Query& query, int column) {
  return DecodeMetadata(query.GetBytes(column));
}

void BindTime(Query& query, WallTime time) {
  query.Int(time.time_since_epoch().count());
}

void BindTime(Query& query, std::optional<WallTime> time) {
  if (time) {
    BindTime(query, *time);
  } else {
    query.Null();
  }
}

WallTime GetTime(const Query& query, int column) {
  return WallTime(std::chrono::milliseconds(query.GetInt(column)));
}

std::optional<WallTime> GetOptionalTime(const Query& query, int column) {
  if (query.IsNull(column)) return std::nullopt;
  return GetTime(query, column);
}

}  // namespace hark::store
