#include "daemon/ipc/tokens.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "daemon/base/hex.h"
#include "daemon/base/integer.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::ipc {
namespace {

// Changes with the meaning of what follows it.
constexpr std::string_view kPagePrefix = "c1.";
constexpr std::string_view kSearchPrefix = "s1";
constexpr std::string_view kOutboxPrefix = "o1.";

void AppendPlace(std::string& token, const store::SearchPlace& place) {
  token += '.' + std::to_string(place.created_at.time_since_epoch().count()) + '.' +
           std::to_string(place.key);
}

// Takes numbers off a token, each with a dot before it.
class TokenNumbers {
 public:
  explicit TokenNumbers(std::string_view left) : left_(left) {}

  [[nodiscard]] bool done() const { return left_.empty(); }

  std::optional<std::int64_t> Number() {
    if (!left_.starts_with('.')) return std::nullopt;
    left_.remove_prefix(1);
    const std::string_view digits = left_.substr(0, left_.find('.'));
    left_.remove_prefix(digits.size());
    return ParseInteger<std::int64_t>(digits, 10);
  }

  std::optional<WallTime> Time() {
    const auto milliseconds = Number();
    if (!milliseconds) return std::nullopt;
    // So that differences of two times are numbers too.
    const auto end = store::kEndOfTime.time_since_epoch().count();
    if (*milliseconds < -end || *milliseconds > end) return std::nullopt;
    return WallTime(std::chrono::milliseconds(*milliseconds));
  }

  std::optional<store::SearchPlace> Place() {
    const auto time = Time();
    const auto key = time ? Number() : std::nullopt;
    if (!key || *key < 0) return std::nullopt;
    return store::SearchPlace{*time, *key};
  }

 private:
  std::string_view left_;
};

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

std::string OutboxToken(std::uint64_t position) {
  return std::string(kOutboxPrefix) + std::to_string(position);
}

std::optional<std::uint64_t> ParseOutboxToken(std::string_view token) {
  if (!token.starts_with(kOutboxPrefix)) return std::nullopt;
  // The store counts with signed numbers.
  const auto position = ParseInteger<std::int64_t>(token.substr(kOutboxPrefix.size()), 10);
  if (!position || *position < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*position);
}

std::string SearchToken(const store::SearchPosition& position) {
  std::string token(kSearchPrefix);
  token += '.' + std::to_string(position.started_at.time_since_epoch().count());
  AppendPlace(token, position.newest);
  if (!position.oldest) return token;
  AppendPlace(token, *position.oldest);
  if (!position.last) return token;
  token += '.' + std::to_string(position.last->score);
  AppendPlace(token, position.last->place);
  return token;
}

std::optional<store::SearchPosition> ParseSearchToken(std::string_view token) {
  if (!token.starts_with(kSearchPrefix)) return std::nullopt;
  TokenNumbers numbers(token.substr(kSearchPrefix.size()));
  store::SearchPosition position;
  const auto started_at = numbers.Time();
  const auto newest = started_at ? numbers.Place() : std::nullopt;
  if (!newest) return std::nullopt;
  position.started_at = *started_at;
  position.newest = *newest;
  if (numbers.done()) return position;
  position.oldest = numbers.Place();
  if (!position.oldest) return std::nullopt;
  if (numbers.done()) return position;
  const auto score = numbers.Number();
  const auto place = score ? numbers.Place() : std::nullopt;
  if (!place || !numbers.done() || *score < 0 || *score > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  position.last = store::SearchPosition::Ranked{static_cast<std::uint32_t>(*score), *place};
  return position;
}

}  // namespace hark::ipc
