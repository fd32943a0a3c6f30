// AccountManager: opening the account of before, now and as often as it takes, and the keys as
// clients see them.

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/account/account_folders.h"
#include "daemon/account/account_manager.h"
#include "daemon/account/backup_file.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/keys/key_ring.h"

namespace hark::account {
namespace {

// A file is read in no time, however long that takes on a busy machine. Only a service of the
// desktop may not answer at all.
std::chrono::milliseconds WaitAtStart(const std::filesystem::path& data_dir) {
  const auto ring = keys::ReadKeyRing(data_dir);
  const bool asks_service = ring && (ring->kind == keys::KeyKind::kSecretService ||
                                     ring->kind == keys::KeyKind::kKeychain);
  return asks_service ? limits::kKeyStoreAtStart : limits::kKeyStoreCall;
}

}  // namespace

AccountManager::Loaded AccountManager::Load(keys::Vault& vault,
                                            const std::filesystem::path& data_dir) {
  if (auto removed = FinishRemovalsToOpen(vault, data_dir); !removed)
    return tl::unexpected(std::move(removed.error()));
  auto record = LoadSession(vault);
  if (!record) return tl::unexpected(std::move(record.error()));
  if (!*record) return std::nullopt;
  auto files = FindFilesToOpen(vault, data_dir, **record);
  if (!files) return tl::unexpected(std::move(files.error()));
  return Found{std::move(**record), std::move(*files)};
}

void AccountManager::Start() {
  ShowSignedOut();
  RemoveUploads(options_.data_dir);
  opening_ = true;
  auto promise = std::make_shared<std::promise<Loaded>>();
  auto loaded = std::make_shared<std::future<Loaded>>(promise->get_future());
  asio::post(options_.vault_thread, [this, promise] {
    auto load = [this](keys::Vault& vault) { return Load(vault, options_.data_dir); };
    promise->set_value(keeper_.Run(load));
  });
  // The first client finds its account.
  if (loaded->wait_for(WaitAtStart(options_.data_dir)) == std::future_status::ready)
    return FinishOpening(loaded->get());
  Trouble({ErrorCode::kLocked, "The key store has not answered yet."});
  asio::post(options_.vault_thread, [this, loaded] {
    asio::post(options_.io, [this, loaded] { FinishOpening(loaded->get()); });
  });
}

void AccountManager::TryOpening() {
  if (opening_ || session_ || stopped_ || rolled_back_) return AnswerLooks();
  if (signing_in_) {
    // If that fails, nobody else looks.
    keeper_.LookLater([this] { TryOpening(); });
    return AnswerLooks();
  }
  opening_ = true;
  keeper_.StopLooking(false);
  keeper_.Ask([this](keys::Vault& vault) { return Load(vault, options_.data_dir); },
              [this](Loaded loaded) { FinishOpening(std::move(loaded)); });
}

void AccountManager::FinishOpening(Loaded loaded) {
  opening_ = false;
  if (stopped_) return;
  if (session_) return AnswerLooks();  // Somebody signed in meanwhile.
  if (signing_in_) {
    keeper_.LookLater([this] { TryOpening(); });
    return AnswerLooks();
  }
  if (!loaded) {
    Trouble(loaded.error());
  } else if (!*loaded) {
    keeper_.StopLooking(true);
    SetProblem(Nobody());
    ShowSignedOut();
  } else {
    Found& found = **loaded;
    device_id_ = found.record.device_id;
    const bool is_new = !found.files.made;
    if (Result<void> opened = OpenStore(found.record, std::move(found.files)); !opened) {
      Trouble(opened.error());
      return AnswerLooks();
    }
    if (is_new) {
      keeper_.Ask([folder = folder_](keys::Vault& vault) { return vault.SetMade(folder); },
                  [](const Result<void>& made) {
                    if (!made) log::Warning("account_not_noted", {{"why", made.error()}});
                  });
    }
    if (found.record.backend_url != options_.backend_url) log::Warning("backend_changed", {});
    record_ = std::move(found.record);
    if (Syncs(*record_)) {
      Sync();
    } else {
      ShowSignedOut();
    }
  }
  AnswerLooks();
}

void AccountManager::Trouble(const Error& error) {
  SetProblem(error);
  sync::Status status;
  status.state = sync::State::kDegraded;
  status.since = options_.clock.WallNow();
  status.reason = error.message;
  if (board_.Current().reason != status.reason) board_.Set(std::move(status));
  keeper_.LookLater([this] { TryOpening(); });
}

void AccountManager::AnswerLooks() {
  for (const auto& done : std::exchange(looks_, {})) done(keeper_.Status());
}

void AccountManager::Look(KeyCare::Done<keys::KeyStatus> done) {
  asio::post(options_.io, [this, done = std::move(done)]() mutable {
    if (looks_.size() >= limits::kKeyLooks)
      return done(Fail(ErrorCode::kResourceExhausted, "Too many ask for the keys at once."));
    looks_.push_back(std::move(done));
    if (looks_.size() > 1) return;
    if (!session_ && !opening_ && !signing_in_) return TryOpening();
    keeper_.Ask([](keys::Vault& vault) { return vault.Look(); },
                [this](const Result<void>& looked) {
                  // What was being tried meanwhile may have failed before the keys came back.
                  if (opening_) return;  // Answered when that ends.
                  if (looked && !session_) return TryOpening();
                  if (!session_ && !stopped_) keeper_.LookLater([this] { TryOpening(); });
                  AnswerLooks();
                });
  });
}

void AccountManager::MakeRecoveryCode(KeyCare::Done<Secret> done) {
  keeper_.Ask([](keys::Vault& vault) { return vault.MakeRecoveryCode(); }, std::move(done));
}

void AccountManager::Recover(Secret code, KeyCare::Done<keys::KeyStatus> done) {
  keeper_.Ask([code = std::move(code)](keys::Vault& vault) { return vault.Recover(code); },
              [this, done = std::move(done)](const Result<void>& recovered) mutable {
                if (!recovered) return done(tl::unexpected(recovered.error()));
                Look(std::move(done));
              });
}

}  // namespace hark::account
