#include "daemon/account/session_record.h"

#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/netstrings.h"

namespace hark::account {
namespace {

constexpr std::string_view kVersion = "1";

}  // namespace

Secret Serialize(const SessionRecord& record) {
  std::string out;
  // One allocation: a growing string would leave copies of the token behind.
  out.reserve(record.backend_url.size() + record.user.value().size() + record.device_id.size() +
              record.token.bytes().size() + 128);
  AppendNetstring(out, kVersion);
  AppendNetstring(out, record.backend_url);
  AppendNetstring(out, record.user.value());
  AppendNetstring(out, record.device_id);
  AppendNetstring(out, record.token.bytes());
  return Secret(std::move(out));
}

Result<SessionRecord> ParseSessionRecord(const Secret& bytes) {
  std::string_view in = bytes.bytes();
  const auto version = TakeNetstring(in);
  const auto backend_url = TakeNetstring(in);
  const auto user = TakeNetstring(in);
  const auto device_id = TakeNetstring(in);
  const auto token = TakeNetstring(in);
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
