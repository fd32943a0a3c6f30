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
  signing_in_ = true;  // Nobody signs in meanwhile.
  keeper_.Ask([data_dir = options_.data_dir,
               name = folder_](keys::Vault& vault) { return FindFiles(vault, data_dir, name); },
              [this, force, done](Result<AccountFiles> files) {
                if (stopped_) files = Fail(ErrorCode::kCancelled, "The daemon is stopping.");
                if (!files) {
                  signing_in_ = false;
                  return done(tl::unexpected(std::move(files.error())));
                }
                CloseSession(Error(ErrorCode::kCancelled,
                                   "The files are being put back for an older version."));
                FinishRollBack(force, done, std::make_shared<AccountFiles>(std::move(*files)));
              });
}

void AccountManager::FinishRollBack(bool force, const RollBackDone& done,
                                    const std::shared_ptr<AccountFiles>& files) {
  if (!in_use_[files->name].expired()) {
    closing_.expires_after(kLookAgain);
    closing_.async_wait([this, force, done, files](const boost::system::error_code& error) {
      if (!error) FinishRollBack(force, done, files);
    });
    return;
  }
  signing_in_ = false;
  Result<RollBackOutcome> outcome =
      ToOutcome(store::RollBack({options_.data_dir / "accounts" / files->name, force},
                                {files->cache_key, files->authored_key}, options_.clock.WallNow()));
  if (outcome) {
    log::Warning("rolled_back", {{"entries_lost", outcome->entries_lost}});
    SetProblem(PutBack(*outcome));
    rolled_back_ = true;
    record_.reset();
  } else if (Result<void> opened = OpenStore(*record_, std::move(*files)); !opened) {
    Trouble(opened.error());
  } else {
    SyncAgain();
  }
  done(std::move(outcome));
}

}  // namespace hark::account
