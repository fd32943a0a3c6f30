#include "daemon/account/account_session.h"

#include <utility>

namespace hark::account {

Result<std::unique_ptr<AccountSession>> AccountSession::Open(store::StoreOptions options) {
  std::unique_ptr<AccountSession> session(new AccountSession(*options.clock));
  // The writer thread is joined before the session goes, and nothing is committed before Open() has
  // returned.
  options.on_commit = [raw = session.get()](std::shared_ptr<const Commit> commit) {
    raw->OnCommit(commit);
  };
  Result<std::unique_ptr<store::SqlcipherStore>> store =
      store::SqlcipherStore::Open(std::move(options));
  if (!store) return tl::unexpected(std::move(store.error()));
  session->store_ = std::move(*store);
  session->bus_ = std::make_shared<bus::EventBus>(session->store_->CurrentRevision());
  session->intents_ = std::make_unique<sync::LocalIntents>(*session->store_, session->clock_);
  return session;
}

AccountSession::~AccountSession() {
  StopSync();
  // The store first: its writer thread calls OnCommit() until it is joined.
  store_->Close();
}

void AccountSession::OnCommit(const std::shared_ptr<const Commit>& commit) {
  bus_->Publish(commit);
  if (commit->outbox_changed) intents_->OutboxChanged();
}

void AccountSession::StartSync(sync::EngineParts parts) {
  StopSync();
  parts.reader = store_;
  parts.writer = store_;
  parts.bus = bus_;
  engine_ = std::make_shared<sync::Engine>(std::move(parts));
  intents_->Attach(engine_);
  engine_->Start();
}

void AccountSession::StopSync() {
  if (!engine_) return;
  intents_->Detach();
  engine_->Stop();
  engine_.reset();
}

}  // namespace hark::account
