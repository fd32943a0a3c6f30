#ifndef HARK_TOOLS_BACKEND_USERS_H_
#define HARK_TOOLS_BACKEND_USERS_H_

// Who may come in: users and their tokens, in a small SQLite file of its own (users.db), so that
// the commands which manage them work while the server runs. With a rollback journal and short
// transactions two processes take turns on it; the server looks a token up whenever one is shown
// and keeps no copy.
//
// Stored is the SHA-256 of a token, not the token. A slow password hash would add nothing: a token
// is 32 random bytes, so there is no dictionary to try, and every connection would pay for it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/clock.h"
#include "tools/backend/result.h"
#include "tools/backend/types.h"

namespace hark::backend {

struct User {
  UserId id;
  std::string name;
  TimePoint created_at{};
};

struct IssuedToken {
  std::string token;
  std::optional<TimePoint> expires_at;
};

// Who a token belongs to. `digest` names the token without being it.
struct Identity {
  UserId user_id;
  std::string name;
  std::string digest;
  TimePoint created_at{};
  std::optional<TimePoint> expires_at;
};

class Users {
 public:
  // Opens or creates the file. `clock` outlives the object.
  static Result<std::unique_ptr<Users>> Open(const std::string& path, const Clock& clock);

  Result<User> Add(const std::string& name);
  Result<std::vector<User>> List();
  // kNotFound if there is no such user.
  Result<User> Find(const std::string& name);

  // `lifetime` absent: until it is revoked.
  Result<IssuedToken> CreateToken(const std::string& user_name,
                                  std::optional<std::chrono::seconds> lifetime);
  // How many tokens that were.
  Result<std::int64_t> RevokeAll(const std::string& user_name);
  Result<void> Revoke(const std::string& token);

  // kUnauthenticated if the token is unknown, expired or revoked; the three are not told apart.
  Result<Identity> Authenticate(const std::string& token);
  // As Authenticate, for a token that was shown before.
  Result<void> StillValid(const std::string& digest);
  // A token of the same lifetime as the one shown. The old one stays valid until its own end; if it
  // has none, for a few more minutes, so that a client which loses the answer can ask again.
  Result<IssuedToken> Renew(const Identity& identity);

  // Changes whenever another process has written the file.
  Result<std::int64_t> Version();

 private:
  Users(std::unique_ptr<SQLite::Database> database, const Clock& clock);
  IssuedToken Insert(const UserId& user, std::optional<TimePoint> expires_at);

  std::unique_ptr<SQLite::Database> database_;
  const Clock& clock_;
};

// 1 to 64 of letters, digits and "._@-".
bool IsValidUserName(const std::string& name);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_USERS_H_
