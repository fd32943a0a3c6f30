// AccountManager: forgetting an account, and clearing what is cached of it.

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/account_manager.h"
#include "daemon/account/late_answer.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/store/clear_files.h"

namespace hark::account {
namespace {

constexpr std::chrono::milliseconds kLookAgain{10};

Result<store::LostAuthored> CheckLost(const std::optional<store::AuthoredState>& unsent,
                                      bool discard) {
  const store::LostAuthored lost = unsent ? store::CountLost(*unsent, {}) : store::LostAuthored();
  if (discard || (unsent && lost.all() == 0)) return lost;
  if (!unsent) {
    return Fail(ErrorCode::kPrecondition,
                "What waits to be sent cannot be read, so nobody can say what would be lost; "
                "nothing was changed.");
  }
  return Fail(ErrorCode::kPrecondition,
              store::TextOf(lost) + " would be lost; nothing was changed.");
}

}  // namespace

void AccountManager::SignOutAndForget(bool discard_unsent, RemovedDone done) {
  asio::post(options_.io, [this, discard_unsent, done = std::move(done)] {
    BeginRemoving(Removal::kForgotten, discard_unsent, done);
  });
}

void AccountManager::ClearCache(ClearOptions options, RemovedDone done) {
  asio::post(options_.io, [this, options, done = std::move(done)] {
    if (options.everything) {
      BeginRemoving(Removal::kCleared, options.discard_unsent, done);
    } else {
      BeginClear(done);
    }
  });
}

// ---- What every change begins and ends with ----

void AccountManager::BeginChange(std::function<void(Result<SharedPlace>)> then) {
  if (signing_in_ || opening_) {
    return then(Fail(ErrorCode::kResourceExhausted,
                     "Another change of the account is under way. Try again."));
  }
  if (rolled_back_) return then(Fail(ErrorCode::kPrecondition, Problem().message));
  signing_in_ = true;
  keeper_.Ask(
      [data_dir = options_.data_dir](keys::Vault& vault) -> Result<SharedPlace> {
        auto record = LoadSession(vault);
        if (!record) return tl::unexpected(std::move(record.error()));
        if (!*record)
          return Fail(ErrorCode::kPrecondition, "Nobody has signed in yet: there is no account.");
        auto files = FindFiles(vault, data_dir, **record);
        if (!files) return tl::unexpected(std::move(files.error()));
        return std::make_shared<const Place>(Place{std::move(**record), std::move(*files)});
      },
      [this, then = std::move(then)](Result<SharedPlace> place) {
        if (place && session_ && (*place)->files.name != folder_) {
          place = Fail(
              ErrorCode::kPrecondition,
              "Another account is open than the one that is stored as signed in. Sign in again.");
        }
        if (stopped_) place = Fail(ErrorCode::kCancelled, "The daemon is stopping.");
        if (!place) signing_in_ = false;
        then(std::move(place));
      });
}

void AccountManager::EndChange(std::function<void()> done) {
  signing_in_ = false;
  if (session_ || stopped_) return done();
  record_.reset();
  Look([done = std::move(done)](const Result<keys::KeyStatus>&) { done(); });
}

std::optional<store::AuthoredState> AccountManager::ReadUnsent(const Place& place) {
  if (!session_) {
    const auto folder = AccountFolder(options_.data_dir, place.files.name);
    auto read = store::ReadAuthored(folder / kAuthoredFile, place.files.authored_key);
    if (!read && read.error().code == ErrorCode::kNotFound) return store::AuthoredState();
    if (!read) return std::nullopt;
    // Some rows of what has arrived may still be there.
    (void)store::DropDelivered(*read, folder / kCacheFile, place.files.cache_key);
    return *std::move(read);
  }
  // While it is open, the file belongs to the store.
  auto state = session_->ReadUnsent();
  // The newest ones may not be in the file yet.
  const auto drafts = session_->user_state().ListDrafts(std::nullopt);
  if (!state || !drafts) return std::nullopt;
  state->drafts.clear();
  for (const Draft& draft : drafts->drafts)
    state->drafts.emplace(draft.conversation.value(), static_cast<std::int64_t>(draft.version));
  return *std::move(state);
}

void AccountManager::CloseAnd(const SharedPlace& place, const Error& why,
                              std::function<void()> then) {
  CloseSession(why);
  WhenClosed(place, std::move(then));
}

void AccountManager::WhenClosed(const SharedPlace& place, std::function<void()> then) {
  if (in_use_[place->files.name].expired()) return then();
  closing_.expires_after(kLookAgain);
  closing_.async_wait(
      [this, place, then = std::move(then)](const boost::system::error_code& error) mutable {
        if (!error) WhenClosed(place, std::move(then));
      });
}

// ---- Forgetting, and clearing everything ----

void AccountManager::BeginRemoving(Removal removal, bool discard, const RemovedDone& done) {
  BeginChange([this, removal, discard, done](const Result<SharedPlace>& place) {
    if (!place) {
      const bool nobody = place.error().code == ErrorCode::kPrecondition && !rolled_back_;
      if (nobody && removal == Removal::kForgotten) return done(Removed{});
      return done(tl::unexpected(place.error()));
    }
    // So that a refusal disturbs nobody.
    if (const auto lost = CheckLost(ReadUnsent(**place), discard); !lost)
      return EndChange([done, error = lost.error()] { done(tl::unexpected(error)); });
    const Error why = removal == Removal::kForgotten
                          ? Error(ErrorCode::kConflict, "The account was forgotten.")
                          : Error(ErrorCode::kCancelled, "The local data is being cleared.");
    CloseAnd(*place, why, [this, removal, discard, place = *place, done] {
      FinishRemoving(removal, discard, place, done);
    });
  });
}

void AccountManager::FinishRemoving(Removal removal, bool discard, const SharedPlace& place,
                                    const RemovedDone& done) {
  const std::string& name = place->files.name;
  const auto fail = [this, &done](const Error& error) {
    EndChange([done, error] { done(tl::unexpected(error)); });
  };
  // What was written since it was counted is in it now.
  const auto lost = CheckLost(ReadUnsent(*place), discard);
  if (!lost) return fail(lost.error());
  if (auto begun = BeginRemoval(options_.data_dir, name, removal); !begun)
    return fail(begun.error());
  keeper_.Ask([data_dir = options_.data_dir](
                  keys::Vault& vault) { return FinishRemovals(vault, data_dir); },
              [this, removal, lost = *lost, done](const Result<std::uint64_t>& bytes) {
                if (bytes) {
                  if (removal == Removal::kForgotten) device_id_.clear();
                  log::Info("account_removed", {{"forgotten", removal == Removal::kForgotten},
                                                {"entries_lost", lost.entries}});
                }
                EndChange([bytes, lost, done] {
                  if (!bytes) return done(tl::unexpected(bytes.error()));
                  done(Removed{*bytes, lost.entries, lost.drafts});
                });
              });
}

// ---- Clearing the cache ----

void AccountManager::BeginClear(const RemovedDone& done) {
  BeginChange([this, done](const Result<SharedPlace>& place) {
    if (!place) return done(tl::unexpected(place.error()));
    if (!session_) {
      return WhenClosed(*place, [this, place = *place, done] { ClearUnopened(place, done); });
    }
    session_->ClearCache(CacheKeyRenewal((*place)->files.name),
                         [this, done](const Result<std::uint64_t>& bytes) {
                           asio::post(options_.io, [this, done, bytes] {
                             signing_in_ = false;
                             if (!bytes) return done(tl::unexpected(bytes.error()));
                             done(Removed{*bytes, 0, 0});
                           });
                         });
  });
}

void AccountManager::ClearUnopened(const SharedPlace& place, const RemovedDone& done) {
  // What kept the store from being opened may be gone with the cache; the problem says if it is
  // not.
  keeper_.Ask([data_dir = options_.data_dir, name = place->files.name](
                  keys::Vault& vault) { return ClearClosedFiles(vault, data_dir, name); },
              [this, done](const Result<std::uint64_t>& bytes) {
                if (bytes) log::Info("cache_cleared", {{"bytes", *bytes}});
                EndChange([bytes, done] {
                  if (!bytes) return done(tl::unexpected(bytes.error()));
                  done(Removed{*bytes, 0, 0});
                });
              });
}

// The writer's thread may wait for the key store; the vault's never waits for the writer.
store::RenewKey AccountManager::CacheKeyRenewal(const std::string& name) {
  return [this, name]() -> Result<Secret> {
    auto answer = std::make_shared<LateAnswer<Secret>>();
    asio::post(options_.vault_thread, [this, name, answer] {
      if (!answer->Take()) return;
      auto renew = [&name](keys::Vault& vault) { return vault.RenewKey(name, kCacheFile); };
      answer->Give(keeper_.Run(renew));
    });
    auto renewed = answer->Wait(options_.patience, stopping_.get_token());
    if (renewed) return *std::move(renewed);
    return Fail(ErrorCode::kLocked, "The key store does not answer; nothing was changed.");
  };
}

}  // namespace hark::account
