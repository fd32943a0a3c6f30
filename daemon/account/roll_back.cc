// AccountManager::RollBack(): closing the account, and putting its backup in place.

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/account_manager.h"
#include "daemon/base/log.h"
#include "daemon/store/rollback.h"

namespace hark::account {
namespace {

constexpr std::chrono::milliseconds kLookAgain{10};

Error PutBack(const RollBackOutcome& outcome) {
  return {ErrorCode::kLocked, "The files were put back for an older version of Hark (schemas " +
                                  std::to_string(outcome.to_cache) + " and " +
                                  std::to_string(outcome.to_authored) +
                                  "). Install that version and start it."};
}

Result<RollBackOutcome> ToOutcome(Result<store::RolledBack> rolled) {
  if (!rolled) {
    // The files are in no state to go back from.
    if (rolled.error().code == ErrorCode::kConflict) rolled.error().code = ErrorCode::kPrecondition;
    return tl::unexpected(std::move(rolled.error()));
  }
  return RollBackOutcome{static_cast<std::uint32_t>(rolled->from.cache),
                         static_cast<std::uint32_t>(rolled->from.authored),
                         static_cast<std::uint32_t>(rolled->to.cache),
                         static_cast<std::uint32_t>(rolled->to.authored),
                         rolled->entries_lost,
                         rolled->aside.string()};
}

}  // namespace

void AccountManager::RollBack(bool force, RollBackDone done) {
  asio::post(options_.io, [this, force, done = std::move(done)] { BeginRollBack(force, done); });
}

void AccountManager::BeginRollBack(bool force, const RollBackDone& done) {
  if (!record_ || signing_in_)
    return done(
        Fail(ErrorCode::kUnauthenticated, "No account is open: there is nothing to put back."));
  Result<Secret> master = MasterKey();
  if (!master) return done(tl::unexpected(std::move(master.error())));
  const std::string name = FolderName(*master, *record_);
  signing_in_ = true;  // Nobody signs in meanwhile.
  CloseSession(Error(ErrorCode::kCancelled, "The files are being put back for an older version."));
  FinishRollBack(force, done, *master, name);
}

void AccountManager::FinishRollBack(bool force, const RollBackDone& done, const Secret& master,
                                    const std::string& name) {
  if (!in_use_[name].expired()) {
    closing_.expires_after(kLookAgain);
    closing_.async_wait([this, force, done, name, key = std::make_shared<Secret>(master.Clone())](
                            const boost::system::error_code& error) {
      if (!error) FinishRollBack(force, done, *key, name);
    });
    return;
  }
  signing_in_ = false;
  const StoreSecrets keys = KeysOf(master, name);
  Result<RollBackOutcome> outcome =
      ToOutcome(store::RollBack({options_.data_dir / "accounts" / name, force},
                                {keys.cache, keys.authored}, options_.clock.WallNow()));
  if (outcome) {
    log::Warning("rolled_back", {{"entries_lost", outcome->entries_lost}});
    SetProblem(PutBack(*outcome));
    record_.reset();
  } else if (Result<void> opened = OpenStore(*record_); !opened) {
    SetProblem(std::move(opened.error()));
  } else if (!record_->token.empty()) {
    Sync();
  }
  done(std::move(outcome));
}

}  // namespace hark::account
