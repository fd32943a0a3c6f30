#include "tools/backend/users.h"

#include <algorithm>
#include <utility>

#include "tools/backend/limits.h"
#include "tools/backend/query.h"
#include "tools/backend/random.h"
#include "tools/backend/sqlite_errors.h"

namespace hark::backend {
namespace {

constexpr int kApplicationId = 0x48425531;  // "HBU1"
constexpr int kBusyTimeoutMs = 2'000;

constexpr char kSchema[] = R"sql(
CREATE TABLE users (
  user_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
  digest BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user_id);
)sql";

User ReadUser(const Query& query) {
  return {query.Text(0), query.Text(1), query.Time(2)};
}

std::optional<TimePoint> OptionalTime(const Query& query, int column) {
  if (query.IsNull(column)) return std::nullopt;
  return query.Time(column);
}

tl::unexpected<Error> NotAccepted() {
  return Fail(ErrorCode::kUnauthenticated, "the token is wrong, expired or revoked");
}

}  // namespace

bool IsValidUserName(const std::string& name) {
  static constexpr char kAllowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == std::string::npos;
}

Users::Users(std::unique_ptr<SQLite::Database> database, const Clock& clock)
    : database_(std::move(database)), clock_(clock) {}

Result<std::unique_ptr<Users>> Users::Open(const std::string& path, const Clock& clock) {
  try {
    auto database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    database->exec("PRAGMA journal_mode=DELETE");
    database->exec("PRAGMA synchronous=FULL");
    SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
    if (database->execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0) {
      database->exec(kSchema);
      database->exec("PRAGMA application_id=" + std::to_string(kApplicationId));
    } else if (database->execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
      return Fail(ErrorCode::kDataFolder, "users.db is not a file of hark-backend");
    }
    transaction.commit();
    return std::unique_ptr<Users>(new Users(std::move(database), clock));
  } catch (const SQLite::Exception& failure) {
    return Fail(ErrorCode::kDataFolder,
                std::string("users.db cannot be opened: ") + failure.what());
  }
}

Result<User> Users::Add(const std::string& name) {
  if (!IsValidUserName(name)) {
    return Fail(ErrorCode::kInvalid,
                "a user name is 1 to 64 letters, digits and characters of ._@-");
  }
  return Guarded([&]() -> Result<User> {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement find(*database_, "SELECT 1 FROM users WHERE name = ?");
    if (Query(find, name).Next()) {
      return Fail(ErrorCode::kAlreadyExists, "there is already a user named " + name);
    }
    User user{UuidV7(clock_.Now()), name, clock_.Now()};
    SQLite::Statement insert(*database_, "INSERT INTO users VALUES (?, ?, ?)");
    Query(insert, user.id, user.name, user.created_at).Run();
    transaction.commit();
    return user;
  });
}

Result<std::vector<User>> Users::List() {
  return Guarded([&]() -> Result<std::vector<User>> {
    SQLite::Statement list(*database_, "SELECT user_id, name, created_at FROM users ORDER BY name");
    std::vector<User> users;
    Query query(list);
    while (query.Next()) users.push_back(ReadUser(query));
    return users;
  });
}

Result<User> Users::Find(const std::string& name) {
  return Guarded([&]() -> Result<User> {
    SQLite::Statement find(*database_,
                           "SELECT user_id, name, created_at FROM users WHERE name = ?");
    Query query(find, name);
    if (!query.Next()) return Fail(ErrorCode::kNotFound, "there is no user named " + name);
    return ReadUser(query);
  });
}

IssuedToken Users::Insert(const UserId& user, std::optional<TimePoint> expires_at) {
  IssuedToken issued{"hark_" + RandomToken(), expires_at};
  SQLite::Statement insert(*database_, "INSERT INTO tokens VALUES (?, ?, ?, ?)");
  Query(insert, Blob{Sha256(issued.token)}, user, clock_.Now(), expires_at).Run();
  return issued;
}

Result<IssuedToken> Users::CreateToken(const std::string& user_name,
                                       std::optional<std::chrono::seconds> lifetime) {
  auto user = Find(user_name);
  if (!user) return tl::unexpected<Error>(std::move(user.error()));
  return Guarded([&]() -> Result<IssuedToken> {
    std::optional<TimePoint> expires_at;
    if (lifetime) expires_at = clock_.Now() + *lifetime;
    return Insert(user->id, expires_at);
  });
}

Result<std::int64_t> Users::RevokeAll(const std::string& user_name) {
  auto user = Find(user_name);
  if (!user) return tl::unexpected<Error>(std::move(user.error()));
  return Guarded([&]() -> Result<std::int64_t> {
    SQLite::Statement remove(*database_, "DELETE FROM tokens WHERE user_id = ?");
    Query(remove, user->id).Run();
    return database_->getChanges();
  });
}

Result<void> Users::Revoke(const std::string& token) {
  return Guarded([&]() -> Result<void> {
    SQLite::Statement remove(*database_, "DELETE FROM tokens WHERE digest = ?");
    Query(remove, Blob{Sha256(token)}).Run();
    if (database_->getChanges() == 0) return Fail(ErrorCode::kNotFound, "no such token");
    return {};
  });
}

Result<Identity> Users::Authenticate(const std::string& token) {
  return Guarded([&]() -> Result<Identity> {
    SQLite::Statement find(*database_,
                           "SELECT user_id, name, tokens.created_at, expires_at"
                           " FROM tokens JOIN users USING (user_id) WHERE digest = ?");
    std::string digest = Sha256(token);
    Query query(find, Blob{digest});
    if (!query.Next()) return NotAccepted();
    Identity identity{query.Text(0), query.Text(1), std::move(digest), query.Time(2),
                      OptionalTime(query, 3)};
    if (identity.expires_at && *identity.expires_at <= clock_.Now()) return NotAccepted();
    return identity;
  });
}

Result<void> Users::StillValid(const std::string& digest) {
  return Guarded([&]() -> Result<void> {
    SQLite::Statement find(*database_, "SELECT expires_at FROM tokens WHERE digest = ?");
    Query query(find, Blob{digest});
    if (!query.Next()) return NotAccepted();
    const auto expires_at = OptionalTime(query, 0);
    if (expires_at && *expires_at <= clock_.Now()) return NotAccepted();
    return {};
  });
}

Result<IssuedToken> Users::Renew(const Identity& identity) {
  return Guarded([&]() -> Result<IssuedToken> {
    const TimePoint now = clock_.Now();
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    std::optional<TimePoint> expires_at;
    if (identity.expires_at) expires_at = now + (*identity.expires_at - identity.created_at);
    IssuedToken issued = Insert(identity.user_id, expires_at);
    SQLite::Statement shorten(*database_,
                              "UPDATE tokens SET expires_at = ifnull(expires_at, ?2)"
                              " WHERE digest = ?1");
    Query(shorten, Blob{identity.digest}, now + kRenewedTokenGrace).Run();
    // A client that renews for years leaves nothing behind.
    SQLite::Statement clean(*database_, "DELETE FROM tokens WHERE expires_at <= ?");
    Query(clean, now).Run();
    transaction.commit();
    return issued;
  });
}

Result<std::int64_t> Users::Version() {
  return Guarded([&]() -> Result<std::int64_t> {
    return database_->execAndGet("PRAGMA data_version").getInt64();
  });
}

}  // namespace hark::backend
