#include "daemon/account/account_manager.h"

#include <random>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/sign_in.h"
#include "daemon/base/asio_alarm.h"
#include "daemon/base/log.h"
#include "daemon/base/uuid.h"
#include "daemon/store/raw_file.h"

namespace hark::account {
namespace {

constexpr std::size_t kTokenBytes = 4096;

bool IsToken(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytes) return false;
  for (const char c : token) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

}  // namespace

Error Nobody() {
  return {ErrorCode::kUnauthenticated, "Nobody has signed in yet."};
}

AccountManager::AccountManager(AccountOptions options, std::unique_ptr<Alarm> retry)
    : options_(std::move(options)),
      keeper_(options_.vault, options_.vault_thread, options_.io, options_.clock, std::move(retry)),
      retention_(options_.retention),
      closing_(options_.io),
      problem_(Nobody()) {}

void AccountManager::Stop() {
  stopped_ = true;
  StopWaiting();
  keeper_.StopLooking(true);
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
    // It would bring the files to the newer schema again.
    if (rolled_back_) return done(tl::unexpected(Problem()));
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
  if (!user) {
    signing_in_ = false;
    return done(tl::unexpected(std::move(user.error())));
  }
  auto record = std::make_shared<SessionRecord>(
      SessionRecord{options_.backend_url, std::move(*user), device_id_, std::move(token)});
  const bool same = session_ != nullptr && record_ && record_->user == record->user &&
                    record_->backend_url == record->backend_url;
  if (same) {
    // A token that is renewed now must not be stored in the place of the new one.
    session_->StopSync();
    return SaveSignIn(record, false, done);
  }
  keeper_.Ask(
      [record, data_dir = options_.data_dir](keys::Vault& vault) -> Result<AccountFiles> {
        if (auto created = vault.Create(); !created) return tl::unexpected(created.error());
        if (auto removed = FinishRemovalsToOpen(vault, data_dir); !removed)
          return tl::unexpected(removed.error());
        return FindFilesToOpen(vault, data_dir, *record);
      },
      [this, record, done](Result<AccountFiles> files) {
        SwitchTo(record, std::move(files), done);
      });
}

void AccountManager::SwitchTo(const std::shared_ptr<SessionRecord>& record,
                              Result<AccountFiles> files, const Done& done) {
  const auto fail = [this, &done](const Error& error) {
    signing_in_ = false;
    if (!session_ && !stopped_) Trouble(error);
    done(tl::unexpected(error));
  };
  if (!files) return fail(files.error());
  if (stopped_) return fail({ErrorCode::kCancelled, "The daemon is stopping."});
  const bool is_new = !files->made;
  CloseSession(Error(ErrorCode::kConflict, "Another account was signed in."));
  record_.reset();
  if (auto opened = OpenStore(*record, std::move(*files)); !opened) return fail(opened.error());
  SaveSignIn(record, is_new, done);
}

void AccountManager::SaveSignIn(const std::shared_ptr<SessionRecord>& record, bool is_new,
                                const Done& done) {
  keeper_.Ask(
      [record, is_new, folder = folder_](keys::Vault& vault) -> Result<void> {
        if (is_new) {
          if (auto made = vault.SetMade(folder); !made) return made;
        }
        return SaveSession(vault, *record);
      },
      [this, record, done](const Result<void>& saved) {
        signing_in_ = false;
        if (!saved) {
          // The stored session is still that of the account before: it goes on, or is opened again.
          if (record_) {
            SyncAgain();
          } else if (!stopped_) {
            CloseSession(saved.error());
            Trouble(saved.error());
          }
          return done(tl::unexpected(saved.error()));
        }
        if (!session_) return done(Fail(ErrorCode::kCancelled, "The daemon is stopping."));
        log::Info("signed_in");
        record_ = std::move(*record);
        Sync();
        done(Info());
      });
}

void AccountManager::FinishSignOut(const Done& done) {
  if (!record_) return SignOutUnopened(done);
  if (signing_in_) return done(Fail(ErrorCode::kResourceExhausted, "A sign-in is under way."));
  signing_in_ = true;
  auto without = std::make_shared<SessionRecord>(
      SessionRecord{record_->backend_url, record_->user, record_->device_id, Secret()});
  // First: a token that is renewed now must not be stored after it was forgotten.
  if (session_) session_->StopSync();
  keeper_.Ask([without](keys::Vault& vault) { return SaveSession(vault, *without); },
              [this, without, done](const Result<void>& saved) {
                signing_in_ = false;
                if (!saved) {
                  SyncAgain();
                  return done(tl::unexpected(saved.error()));
                }
                record_ = std::move(*without);
                SetState(AccountState::kSignedOut);
                ShowSignedOut();
                log::Info("signed_out");
                done(Info());
              });
}

// The token goes also while the store cannot be opened.
void AccountManager::SignOutUnopened(const Done& done) {
  if (signing_in_ || opening_) {
    return done(Fail(ErrorCode::kResourceExhausted,
                     "Another change of the account is under way. Try again."));
  }
  signing_in_ = true;
  keeper_.Ask(
      [](keys::Vault& vault) -> Result<void> {
        const auto record = LoadSession(vault);
        if (!record) return tl::unexpected(record.error());
        if (!*record) return {};
        // Also where there seems to be no token: one of another account may be stored.
        return SaveSession(
            vault, {(*record)->backend_url, (*record)->user, (*record)->device_id, Secret()});
      },
      [this, done](const Result<void>& saved) {
        signing_in_ = false;
        if (!saved) return done(tl::unexpected(saved.error()));
        done(Info());
      });
}

Result<void> AccountManager::OpenStore(const SessionRecord& record, AccountFiles files) {
  if (!in_use_[files.name].expired()) {
    return Fail(ErrorCode::kResourceExhausted, "The account is still being closed. Try again.");
  }
  store::StoreOptions options{
      .folder = options_.data_dir / "accounts" / files.name,
      .cache_key = std::move(files.cache_key),
      .authored_key = std::move(files.authored_key),
      .clock = &options_.clock,
      .on_commit = {},
      .on_damage = {},
      .on_health = {},
      .boot_id = {},
      .must_exist = files.made,
  };
  Result<std::unique_ptr<AccountSession>> opened = AccountSession::Open(
      std::move(options), retention_,
      {record.user, record.backend_url, std::move(files.backup_key)}, options_.io);
  if (!opened) {
    keeper_.SetStoreTrouble(opened.error());
    // Of a newer program. To callers a conflict is another account, or another message.
    if (opened.error().code == ErrorCode::kConflict) opened.error().code = ErrorCode::kPrecondition;
    return tl::unexpected(std::move(opened.error()));
  }
  keeper_.ClearStoreTrouble();
  keeper_.StopLooking(true);
  folder_ = files.name;
  // Destroyed on the I/O thread, whoever lets go of it last: closing waits for the writer thread,
  // which must not be the one that does it. `open` lasts until that is done.
  auto open = std::make_shared<int>();
  in_use_[files.name] = open;
  std::shared_ptr<AccountSession> session(
      opened->release(), [io = options_.io, open = std::move(open)](AccountSession* closed) {
        asio::post(io, [open, owned = std::unique_ptr<AccountSession>(closed)]() mutable {
          owned.reset();
        });
      });
  session->WatchUnsent([this, watched = session.get()](const Commit& commit) {
    if (session_.get() == watched) OnUnsentChanged(commit);
  });
  const std::lock_guard lock(mutex_);
  session_ = std::move(session);
  info_ = {AccountState::kSignedOut, record.user, record.backend_url};
  return {};
}

void AccountManager::Sync() {
  SetState(AccountState::kSignedIn);
  // Asked again when the engine is started anew, with the token of then. There is a record as long
  // as the session syncs.
  session_->StartSync([this] { return MakeEngineParts(*record_); });
}

void AccountManager::SyncAgain() {
  if (session_ && record_ && Syncs(*record_)) Sync();
}

bool AccountManager::Syncs(const SessionRecord& record) const {
  return !record.token.empty() && record.backend_url == options_.backend_url;
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
      .room_alarm = std::make_unique<AsioAlarm>(options_.io),
      .has_room = [folder = options_.data_dir] { return store::HasRoom(folder); },
      .save_token =
          [this](Secret token) {
            if (!record_) return;
            record_->token = std::move(token);
            SaveRenewed(*record_);
          },
      .token_refused = [this] { SetState(AccountState::kAuthRequired); },
  };
}

void AccountManager::SaveRenewed(const SessionRecord& record) {
  auto kept = std::make_shared<const SessionRecord>(
      SessionRecord{record.backend_url, record.user, record.device_id, record.token.Clone()});
  keeper_.Ask([kept](keys::Vault& vault) { return SaveToken(vault, *kept); },
              [](const Result<void>& saved) {
                if (!saved) log::Error("token_not_saved", {{"why", saved.error()}});
              });
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
  const std::lock_guard lock(mutex_);
  if (problem_ == error) return;
  // That the daemon stops is no trouble.
  if (error.code != ErrorCode::kCancelled) log::Error("account_unavailable", {{"why", error}});
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

void AccountManager::OnUnsentChanged(const Commit& commit) {
  sync::Status status = board_.Current();
  if (status.state != sync::State::kSignedOut) return;
  // What is older than the list that was read is in it already: the same once more.
  for (const OutboxEntry& entry : commit.outbox) unsent_.insert(entry.position);
  for (const std::uint64_t position : commit.outbox_removed) unsent_.erase(position);
  status.pending = static_cast<std::uint32_t>(unsent_.size());
  board_.Set(std::move(status));
}

void AccountManager::ShowSignedOut() {
  sync::Status status;
  status.state = sync::State::kSignedOut;
  status.since = options_.clock.WallNow();
  if (session_) {
    if (const auto state = session_->reader().ReadSyncState())
      status.last_synced_at = state->last_synced_at;
    unsent_.clear();
    if (const auto outbox = session_->reader().ReadOutbox()) {
      for (const OutboxEntry& entry : outbox->entries) unsent_.insert(entry.position);
    }
    status.pending = static_cast<std::uint32_t>(unsent_.size());
  }
  board_.Set(std::move(status));
}

}  // namespace hark::account
