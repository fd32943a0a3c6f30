// AccountManager: putting an account back to a backup.

#include "daemon/store/restore.h"

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/account_manager.h"
#include "daemon/account/backup_file.h"
#include "daemon/account/late_answer.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"

namespace hark::account {
namespace {

Error Unreadable() {
  return {ErrorCode::kPrecondition,
          "What waits to be sent cannot be read, so nobody can say what would be lost; nothing was "
          "changed."};
}

Error WouldBeLost(const store::LostAuthored& lost) {
  return {ErrorCode::kPrecondition,
          store::TextOf(lost) + " written since the backup would be lost; nothing was changed."};
}

// As the caller of Restore() sees it.
Error StagingError(Error error) {
  if (error.code == ErrorCode::kCorrupt) error.code = ErrorCode::kInvalidArgument;
  if (error.code != ErrorCode::kConflict) return error;
  return {ErrorCode::kPrecondition,
          "The backup was made by a newer version of Hark; nothing was changed."};
}

}  // namespace

struct AccountManager::StagedBackup {
  SharedPlace place;
  BackupInfo info;
  store::StagedRestore files;
};

Result<std::unique_ptr<RestoreUpload>> AccountManager::BeginRestore() {
  return MakeUpload(options_.data_dir);
}

void AccountManager::Restore(std::unique_ptr<RestoreUpload> upload, RestoreOptions options,
                             RestoreDone done) {
  const auto place = BeginRestoring();
  if (!place) return done(tl::unexpected(place.error()));
  auto staged = Stage(*place, *upload, options.passphrase);
  upload.reset();
  if (!staged) {
    return asio::post(options_.io, [this, done = std::move(done),
                                    error = StagingError(std::move(staged.error()))] {
      EndChange([done, error] { done(tl::unexpected(error)); });
    });
  }
  asio::post(options_.io, [this, discard = options.discard_unsent, done = std::move(done),
                           kept = std::make_shared<StagedBackup>(*std::move(staged))] {
    TakeStaged(kept, discard, done);
  });
}

Result<AccountManager::SharedPlace> AccountManager::BeginRestoring() {
  auto answer = std::make_shared<LateAnswer<SharedPlace>>();
  asio::post(options_.io, [this, answer] {
    BeginChange([this, answer](Result<SharedPlace> place) {
      if (answer->Take()) return answer->Give(std::move(place));
      if (place) EndChange([] {});
    });
  });
  auto place = answer->Wait(options_.patience, stopping_.get_token());
  if (place) return *std::move(place);
  return Fail(ErrorCode::kCancelled, "The daemon is stopping.");
}

Result<AccountManager::StagedBackup> AccountManager::Stage(const SharedPlace& place,
                                                           const RestoreUpload& upload,
                                                           const Secret& passphrase) {
  auto opened = OpenBackup(FileOf(upload), place->files.backup_key, passphrase);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  const BackupInfo& info = opened->info;
  if (info.user != place->record.user || info.backend_url != place->record.backend_url) {
    return Fail(ErrorCode::kInvalidArgument,
                "The backup is of another account; nothing was changed.");
  }
  const store::StoreFiles files(AccountFolder(options_.data_dir, place->files.name));
  auto parts = store::CopyFolder::Make(files);
  if (!parts) return tl::unexpected(std::move(parts.error()));
  const std::filesystem::path cache = parts->path() / kCacheFile;
  const std::filesystem::path authored = parts->path() / kAuthoredFile;
  Result<void> extracted =
      ExtractPart(FileOf(upload), opened->header_bytes, info.cache_bytes, cache);
  if (extracted) {
    extracted = ExtractPart(FileOf(upload), opened->header_bytes + info.cache_bytes,
                            info.authored_bytes, authored);
  }
  if (!extracted) return tl::unexpected(std::move(extracted.error()));
  const BackupKeys keys = KeysOfBackup(opened->data_key);
  auto staged =
      store::StageRestore(files, {cache, authored, {keys.cache, keys.authored}},
                          {place->files.cache_key, place->files.authored_key},
                          [token = stopping_.get_token()] { return token.stop_requested(); });
  if (!staged) return tl::unexpected(std::move(staged.error()));
  return StagedBackup{place, std::move(opened->info), *std::move(staged)};
}

void AccountManager::TakeStaged(const std::shared_ptr<StagedBackup>& staged, bool discard,
                                const RestoreDone& done) {
  // So that a refusal disturbs nobody.
  const store::StoreFiles files(AccountFolder(options_.data_dir, staged->place->files.name));
  const auto unsent = ReadUnsent(*staged->place);
  std::optional<Error> refused;
  if (!discard && !unsent) {
    refused = Unreadable();
  } else if (!discard) {
    const auto lost =
        store::CountLostByRestore(files, staged->files, *unsent, staged->place->files.cache_key);
    if (!lost) {
      refused = lost.error();
    } else if (lost->all() > 0) {
      refused = WouldBeLost(*lost);
    }
  }
  if (refused) {
    store::DropStaged(files);
    return EndChange([done, error = *refused] { done(tl::unexpected(error)); });
  }
  CloseAnd(staged->place, Error(ErrorCode::kCancelled, "A backup is being restored."),
           [this, staged, discard, done] {
             auto outcome = FinishTaking(*staged, discard);
             EndChange([done, outcome = std::move(outcome)] { done(outcome); });
           });
}

Result<RestoreOutcome> AccountManager::FinishTaking(const StagedBackup& staged, bool discard) {
  const AccountFiles& account = staged.place->files;
  const store::StoreFiles files(AccountFolder(options_.data_dir, account.name));
  const auto present = ReadUnsent(*staged.place);
  store::LostAuthored lost;
  if (present) {
    const auto counted =
        store::CountLostByRestore(files, staged.files, *present, account.cache_key);
    if (!counted) return tl::unexpected(counted.error());
    lost = *counted;
  }
  if (!discard && lost.all() > 0) return tl::unexpected(WouldBeLost(lost));
  const auto aside = store::TakeRestored(
      files, account.authored_key, present ? present->generation : 0, options_.clock.WallNow());
  if (!aside) return tl::unexpected(aside.error());
  log::Warning("backup_restored", {{"entries_lost", lost.all()}});
  RestoreOutcome outcome;
  outcome.made_at = staged.info.made_at;
  outcome.conversations = staged.files.conversations;
  outcome.messages = staged.files.messages;
  outcome.outbox = staged.files.authored.entries.size();
  outcome.entries_lost = lost.all();
  outcome.aside = aside->string();
  return outcome;
}

}  // namespace hark::account
