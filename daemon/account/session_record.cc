#include "daemon/account/session_record.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace hark::account {
namespace {

constexpr std::string_view kVersion = "1";

void Append(std::string& out, std::string_view value) {
  out += std::to_string(value.size());
  out += ':';
  out += value;
  out += ',';
}

std::optional<std::string_view> Take(std::string_view& in) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), size);
  if (error != std::errc()) return std::nullopt;
  in.remove_prefix(static_cast<std::size_t>(end - in.data()));
  if (in.size() < 2 || size > in.size() - 2 || in.front() != ':' || in[size + 1] != ',')
    return std::nullopt;
  const std::string_view value = in.substr(1, size);
  in.remove_prefix(size + 2);
  return value;
}

}  // namespace

Secret Serialize(const SessionRecord& record) {
  std::string out;
  // One allocation: a growing string would leave copies of the token behind.
  out.reserve(record.backend_url.size() + record.user.value().size() + record.device_id.size() +
              record.token.bytes().size() + 128);
  Append(out, kVersion);
  Append(out, record.backend_url);
  Append(out, record.user.value());
  Append(out, record.device_id);
  Append(out, record.token.bytes());
  return Secret(std::move(out));
}

Result<SessionRecord> ParseSessionRecord(const Secret& bytes) {
  std::string_view in = bytes.bytes();
  const auto version = Take(in);
  const auto backend_url = Take(in);
  const auto user = Take(in);
  const auto device_id = Take(in);
  const auto token = Take(in);
  if (version != kVersion || !backend_url || !user || user->empty() || !device_id || !token ||
      !in.empty()) {
    return Fail(ErrorCode::kCorrupt, "The record of who is signed in is damaged. Sign in again.");
  }
  SessionRecord record;
  record.backend_url = *backend_url;
  record.user = UserId(std::string(*user));
  record.device_id = *device_id;
  record.token = Secret(std::string(*token));
  return record;
}

}  // namespace hark::account
