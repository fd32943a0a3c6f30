// What has to be remembered of the signed-in account over restarts. Kept in the key store as one
// secret, because it holds the token, and the user's name.

#ifndef HARK_DAEMON_ACCOUNT_SESSION_RECORD_H_
#define HARK_DAEMON_ACCOUNT_SESSION_RECORD_H_

#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/model/ids.h"

namespace hark::account {

struct SessionRecord {
  std::string backend_url;
  UserId user;
  std::string device_id;
  Secret token;  // Empty: signed out, the data stays readable.
};

// Netstrings (length, colon, bytes, comma), with a version in front.
[[nodiscard]] Secret Serialize(const SessionRecord& record);

// kCorrupt.
[[nodiscard]] Result<SessionRecord> ParseSessionRecord(const Secret& bytes);

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_SESSION_RECORD_H_
