#include "daemon/account/account_session.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace hark::account {

Result<std::unique_ptr<AccountSession>> AccountSession::Open(store::StoreOptions options,
                                                             RetentionPolicy retention,
                                                             ArchiveOwner owner, Executor io) {
  store::StoreFiles files(options.folder);
  std::unique_ptr<AccountSession> session(new AccountSession(*options.clock, std::move(io)));
  // The writer thread is joined before the session goes, and nothing is committed before Open() has
  // returned.
  options.on_commit = [raw = session.get()](std::shared_ptr<const Commit> commit) {
    raw->OnCommit(commit);
  };
  options.on_health = [raw = session.get()](store::StoreHealth health, const store::RepairReport&) {
    raw->OnHealth(health);
  };
  Result<std::unique_ptr<store::SqlcipherStore>> store =
      store::SqlcipherStore::Open(std::move(options));
  if (!store) return tl::unexpected(std::move(store.error()));
  session->store_ = std::move(*store);
  session->bus_ = std::make_shared<bus::EventBus>();
  session->intents_ = std::make_unique<sync::LocalIntents>(*session->store_, session->clock_);
  session->keeper_ =
      std::make_unique<RetentionKeeper>(*session->store_, *session->store_, retention);
  session->user_state_ = std::make_unique<UserStateKeeper>(
      *session->store_, *session->store_, session->clock_,
      [raw = session.get()](Clock::Instant at) { raw->SaveUserStateAt(at); });
  session->archive_ = std::make_unique<AccountArchive>(*session->store_, std::move(files),
                                                       std::move(owner), session->clock_);
  return session;
}

AccountSession::~AccountSession() {
  if (!store_) return;  // It could not be opened.
  StopSync();
  keeper_.reset();
  user_state_->SaveNow();
  // The store first: its writer thread calls OnCommit() until it is joined.
  store_->Close();
}

void AccountSession::SaveUserStateAt(Clock::Instant at) {
  asio::post(io_, [this, alive = std::weak_ptr<int>(alive_), at] {
    if (alive.expired()) return;
    save_alarm_.Set(at, [this] { user_state_->SaveNow(); });
  });
}

void AccountSession::OnCommit(const std::shared_ptr<const Commit>& commit) {
  bus_->Publish(commit);
  if (intents_->OnCommit(*commit)) return;
  asio::post(io_, [this, alive = std::weak_ptr<int>(alive_), commit] {
    if (!alive.expired() && !make_parts_ && unsent_changed_) unsent_changed_(*commit);
  });
}

void AccountSession::OnHealth(store::StoreHealth health) {
  asio::post(io_, [this, alive = std::weak_ptr<int>(alive_), health] {
    // The session is destroyed on the I/O thread: it is there, or it is gone.
    if (!alive.expired()) HealthChanged(health);
  });
}

void AccountSession::HealthChanged(store::StoreHealth health) {
  if (!make_parts_) return;
  StopEngine();
  if (health == store::StoreHealth::kClearing) return;
  if (health != store::StoreHealth::kRepairing) {
    // Also when it could not be repaired: then with the old file, as before.
    StartEngine();
    return;
  }
  sync::Status status;
  status.state = sync::State::kDegraded;
  status.since = clock_.WallNow();
  status.reason = "The local copy of your conversations is damaged and is being repaired.";
  make_parts_().board.Set(std::move(status));
}

void AccountSession::StartSync(MakeParts make_parts) {
  StopSync();
  make_parts_ = std::move(make_parts);
  StartEngine();
}

void AccountSession::StopSync() {
  make_parts_ = nullptr;
  intents_->Detach();
  StopEngine();
}

void AccountSession::StartEngine() {
  sync::EngineParts parts = make_parts_();
  parts.reader = store_;
  parts.writer = store_;
  parts.bus = bus_;
  store_->BeginSync();
  engine_ = std::make_shared<sync::Engine>(std::move(parts));
  intents_->Attach(engine_);
  engine_->Start();
}

void AccountSession::ClearCache(store::RenewKey renew, store::Writer::Done<std::uint64_t> done) {
  store_->ClearCache(std::move(renew), std::move(done));
}

void AccountSession::NotifyWorldChanged() {
  if (engine_) engine_->NotifyWorldChanged();
}

void AccountSession::TurnWriter(std::function<void()> turned) {
  store_->TurnWriter([io = io_, turned = std::move(turned)] { asio::post(io, turned); });
}

void AccountSession::StopEngine() {
  if (!engine_) return;
  intents_->Pause();
  engine_->Stop();
  engine_.reset();
  // The store stays, and what was under way is so no more. Whoever signs in begins with the same.
  store_->Apply({{store::ConnectionLost{}}}, [](const Result<LocalRevision>&) {});
}

}  // namespace hark::account
