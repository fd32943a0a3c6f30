#include "daemon/ipc/tokens.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::ipc {
namespace {

// Changes with the meaning of what follows it.
constexpr std::string_view kPagePrefix = "c1.";
constexpr std::string_view kHexDigits = "0123456789abcdef";

// The whole of `text`, without sign or prefix.
template <typename Integer>
std::optional<Integer> ParseInteger(std::string_view text, int base) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stopped != end || text.empty()) return std::nullopt;
  return value;
}

std::string ToHex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out.push_back(kHexDigits[value >> 4]);
    out.push_back(kHexDigits[value & 15]);
  }
  return out;
}

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const std::size_t high = kHexDigits.find(hex[i]);
    const std::size_t low = kHexDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

}  // namespace

std::string ResumeToken(std::string_view store_id, LocalRevision revision) {
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), revision, 16);
  std::string token(store_id);
  token.push_back(':');
  token.append(digits, end);
  return token;
}

std::optional<LocalRevision> ParseResumeToken(std::string_view token, std::string_view store_id) {
  const std::size_t colon = token.rfind(':');
  if (colon == std::string_view::npos || token.substr(0, colon) != store_id) return std::nullopt;
  return ParseInteger<LocalRevision>(token.substr(colon + 1), 16);
}

std::string PageToken(const store::ListPosition& position) {
  // The id in hex, since it may be any UTF-8; a token should survive a log or a URL.
  std::string token(kPagePrefix);
  token += std::to_string(position.last_activity_at.time_since_epoch().count());
  token.push_back('.');
  token += ToHex(position.id.value());
  return token;
}

std::optional<store::ListPosition> ParsePageToken(std::string_view token) {
  if (!token.starts_with(kPagePrefix)) return std::nullopt;
  token.remove_prefix(kPagePrefix.size());
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto milliseconds = ParseInteger<std::int64_t>(token.substr(0, dot), 10);
  const std::string_view hex = token.substr(dot + 1);
  if (!milliseconds || hex.empty() || hex.size() > 2 * limits::kIdBytes) return std::nullopt;
  auto id = FromHex(hex);
  if (!id || !IsValidUtf8(*id)) return std::nullopt;
  return store::ListPosition{WallTime(std::chrono::milliseconds(*milliseconds)),
                             ConversationId(*std::move(id))};
}

}  // namespace hark::ipc
