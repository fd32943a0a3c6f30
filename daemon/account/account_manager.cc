#include "daemon/account/account_manager.h"

#include <random>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/sign_in.h"
#include "daemon/base/asio_alarm.h"
#include "daemon/base/log.h"
#include "daemon/base/uuid.h"

namespace hark::account {
namespace {

constexpr char kSessionSecret[] = "session";
constexpr std::size_t kTokenBytes = 4096;

bool IsToken(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytes) return false;
  for (const char c : token) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

Error Nobody() {
  return {ErrorCode::kUnauthenticated, "Nobody has signed in yet."};
}

Error KeyMissing() {
  return {
      ErrorCode::kLocked,
      "The key is missing, but there is encrypted data. Put the key back; nothing was changed."};
}

}  // namespace

std::string FolderName(const Secret& master, const SessionRecord& record) {
  const Secret digest = keys::DeriveKey(
      master, "hark/account-folder\n" + record.backend_url + "\n" + record.user.value());
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::size_t kBytes = 16;
  std::string name;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const auto byte = static_cast<unsigned char>(digest.bytes()[i]);
    name.push_back(kHex[byte >> 4]);
    name.push_back(kHex[byte & 0x0F]);
  }
  return name;
}

StoreSecrets KeysOf(const Secret& master, const std::string& name) {
  return {keys::DeriveKey(master, "hark/" + name + "/cache.db"),
          keys::DeriveKey(master, "hark/" + name + "/authored.db")};
}

AccountManager::AccountManager(AccountOptions options)
    : options_(std::move(options)),
      retention_(options_.retention),
      closing_(options_.io),
      problem_(Nobody()) {}

void AccountManager::Start() {
  ShowSignedOut();
  Result<std::optional<Secret>> saved = options_.keys.LoadSecret(kSessionSecret);
  if (!saved) {
    const bool no_key = saved.error().code == ErrorCode::kNotFound;
    return SetProblem(no_key ? KeyMissing() : saved.error());
  }
  if (!*saved) return;
  Result<SessionRecord> record = ParseSessionRecord(**saved);
  if (!record) return SetProblem(std::move(record.error()));
  device_id_ = record->device_id;
  if (Result<void> opened = OpenStore(*record); !opened)
    return SetProblem(std::move(opened.error()));
  const bool other_backend = record->backend_url != options_.backend_url;
  if (other_backend) log::Warning("backend_changed", {});
  const bool syncs = !record->token.empty() && !other_backend;
  record_ = std::move(*record);
  if (syncs) {
    Sync();
  } else {
    ShowSignedOut();
  }
}

void AccountManager::Stop() {
  closing_.cancel();  // A roll-back that waits is not begun.
  CloseSession(Error(ErrorCode::kCancelled, "The daemon is stopping."));
  SetProblem(Error(ErrorCode::kCancelled, "The daemon is stopping."));
  record_.reset();
}

// ---- For every thread ----

std::shared_ptr<OpenAccount> AccountManager::Current() {
  const std::lock_guard lock(mutex_);
  return session_;
}

Error AccountManager::Problem() {
  const std::lock_guard lock(mutex_);
  return problem_;
}

AccountInfo AccountManager::Info() {
  const std::lock_guard lock(mutex_);
  return info_;
}

void AccountManager::SignIn(Secret token, Done done) {
  if (!IsToken(token.bytes())) {
    done(Fail(ErrorCode::kInvalidArgument, "A token is 1 to 4096 visible ASCII characters."));
    return;
  }
  asio::post(options_.io, [this, token = std::move(token), done = std::move(done)]() mutable {
    if (signing_in_) {
      done(Fail(ErrorCode::kResourceExhausted, "Another sign-in is under way."));
      return;
    }
    signing_in_ = true;
    if (device_id_.empty()) device_id_ = NewUuidV7(options_.clock.WallNow());
    SignInRequest request{token.Clone(), device_id_, options_.client};
    // The continuation is copied by std::function, the token is not: it travels in a shared_ptr.
    auto kept = std::make_shared<Secret>(std::move(token));
    AskWhoseToken(options_.io, options_.backend, std::move(request),
                  [this, kept, done = std::move(done)](Result<UserId> user) {
                    FinishSignIn(std::move(*kept), std::move(user), done);
                  });
  });
}

void AccountManager::SignOut(Done done) {
  asio::post(options_.io, [this, done = std::move(done)]() { FinishSignOut(done); });
}

// ---- On the I/O thread ----

void AccountManager::FinishSignIn(Secret token, Result<UserId> user, const Done& done) {
  signing_in_ = false;
  if (!user) return done(tl::unexpected(std::move(user.error())));
  SessionRecord record{options_.backend_url, std::move(*user), device_id_, std::move(token)};
  const bool same = session_ != nullptr && record_ && record_->user == record.user &&
                    record_->backend_url == record.backend_url;
  if (!same) {
    CloseSession(Error(ErrorCode::kConflict, "Another account was signed in."));
    record_.reset();
    if (Result<void> opened = OpenStore(record); !opened) {
      SetProblem(opened.error());
      return done(tl::unexpected(std::move(opened.error())));
    }
  }
  if (Result<void> saved = Save(record); !saved)
    return done(tl::unexpected(std::move(saved.error())));
  log::Info("signed_in");
  record_ = std::move(record);
  Sync();
  done(Info());
}

void AccountManager::FinishSignOut(const Done& done) {
  if (!record_) return done(Info());
  SessionRecord without{record_->backend_url, record_->user, record_->device_id, Secret()};
  if (Result<void> saved = Save(without); !saved)
    return done(tl::unexpected(std::move(saved.error())));
  record_ = std::move(without);
  if (session_) session_->StopSync();
  SetState(AccountState::kSignedOut);
  ShowSignedOut();
  log::Info("signed_out");
  done(Info());
}

Result<Secret> AccountManager::MasterKey() {
  Result<Secret> key = options_.keys.LoadMasterKey();
  if (key || key.error().code != ErrorCode::kNotFound) return key;
  // A new key over old data would make it look lost (guarantee G9).
  std::error_code error;
  const std::filesystem::path accounts = options_.data_dir / "accounts";
  const bool has_data =
      std::filesystem::exists(accounts, error) && !std::filesystem::is_empty(accounts, error);
  if (has_data || error) {
    return tl::unexpected(KeyMissing());
  }
  return options_.keys.CreateMasterKey();
}

Result<void> AccountManager::OpenStore(const SessionRecord& record) {
  Result<Secret> master = MasterKey();
  if (!master) return tl::unexpected(std::move(master.error()));
  const std::string name = FolderName(*master, record);
  if (!in_use_[name].expired()) {
    return Fail(ErrorCode::kResourceExhausted, "The account is still being closed. Try again.");
  }
  StoreSecrets secrets = KeysOf(*master, name);
  store::StoreOptions options{
      .folder = options_.data_dir / "accounts" / name,
      .cache_key = std::move(secrets.cache),
      .authored_key = std::move(secrets.authored),
      .clock = &options_.clock,
      .on_commit = {},
      .on_damage = {},
      .on_health = {},
      .boot_id = {},
  };
  Result<std::unique_ptr<AccountSession>> opened =
      AccountSession::Open(std::move(options), retention_, options_.io);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  // Destroyed on the I/O thread, whoever lets go of it last: closing waits for the writer thread,
  // which must not be the one that does it. `open` lasts until that is done.
  auto open = std::make_shared<int>();
  in_use_[name] = open;
  std::shared_ptr<AccountSession> session(
      opened->release(), [io = options_.io, open = std::move(open)](AccountSession* closed) {
        asio::post(io, [open, owned = std::unique_ptr<AccountSession>(closed)]() mutable {
          owned.reset();
        });
      });
  const std::lock_guard lock(mutex_);
  session_ = std::move(session);
  info_ = {AccountState::kSignedOut, record.user, record.backend_url};
  return {};
}

Result<void> AccountManager::Save(const SessionRecord& record) {
  return options_.keys.StoreSecret(kSessionSecret, Serialize(record));
}

void AccountManager::Sync() {
  SetState(AccountState::kSignedIn);
  // Asked again when the engine is started anew, with the token of then. There is a record as long
  // as the session syncs.
  session_->StartSync([this] { return MakeEngineParts(*record_); });
}

sync::EngineParts AccountManager::MakeEngineParts(const SessionRecord& record) {
  return {
      .io = options_.io,
      .readers = options_.readers,
      .clock = options_.clock,
      .alarm = std::make_unique<AsioAlarm>(options_.io),
      .metrics = options_.metrics,
      .board = board_,
      .reader = nullptr,
      .writer = nullptr,
      .backend = options_.backend,
      .bus = nullptr,
      .user = record.user,
      .token = record.token.Clone(),
      .device_id = record.device_id,
      .client = options_.client,
      .seed = std::random_device()(),
      .outbox_age = options_.outbox_age,
      .save_token =
          [this](Secret token) {
            if (!record_) return;
            record_->token = std::move(token);
            if (Result<void> saved = Save(*record_); !saved)
              log::Error("token_not_saved", {{"why", saved.error()}});
          },
      .token_refused = [this] { SetState(AccountState::kAuthRequired); },
  };
}

void AccountManager::NotifyWorldChanged() {
  if (session_) session_->NotifyWorldChanged();
}

void AccountManager::SetRetention(RetentionPolicy policy) {
  retention_ = policy;
  if (session_) session_->SetRetention(policy);
}

void AccountManager::TurnWriter(std::function<void()> turned) {
  if (!session_) return turned();
  session_->TurnWriter(std::move(turned));
}

void AccountManager::SetState(AccountState state) {
  const std::lock_guard lock(mutex_);
  info_.state = state;
}

void AccountManager::SetProblem(Error error) {
  log::Error("account_unavailable", {{"why", error}});
  const std::lock_guard lock(mutex_);
  problem_ = std::move(error);
}

void AccountManager::CloseSession(const Error& why) {
  std::shared_ptr<AccountSession> closing;
  {
    const std::lock_guard lock(mutex_);
    closing = std::move(session_);
    info_ = {};
  }
  if (!closing) return;
  closing->StopSync();
  closing->bus()->Close(why);
  ShowSignedOut();
}

void AccountManager::ShowSignedOut() {
  sync::Status status;
  status.state = sync::State::kSignedOut;
  status.since = options_.clock.WallNow();
  if (session_) {
    if (const auto state = session_->reader().ReadSyncState())
      status.last_synced_at = state->last_synced_at;
  }
  board_.Set(std::move(status));
}

}  // namespace hark::account
