// Vault: what state the keys are in, and the first key.

#include "daemon/keys/vault.h"

#include <algorithm>
#include <system_error>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/base/uuid.h"
#include "daemon/keys/private_file.h"
#include "daemon/keys/sealing.h"

namespace hark::keys {
namespace {

namespace fs = std::filesystem;

// Before there were key rings: the session, sealed under the master key itself.
constexpr std::string_view kOldSessionPurpose = "hark/secret/session";
constexpr char kSession[] = "session";

constexpr char kUntouched[] = " Nothing was changed.";

tl::unexpected<Error> As(KeyState& state, KeyState is, const std::string& sentence) {
  state = is;
  const bool corrupt = is == KeyState::kCorrupt;
  return Fail(corrupt ? ErrorCode::kCorrupt : ErrorCode::kLocked, sentence + kUntouched);
}

// What the error of a key store means for the state.
tl::unexpected<Error> Trouble(KeyState& state, const Error& error) {
  if (error.code == ErrorCode::kNotFound)
    return As(state, KeyState::kMissing, "The key is missing: " + error.message + ".");
  if (error.code == ErrorCode::kCorrupt)
    return As(state, KeyState::kCorrupt, "The key cannot be used: " + error.message + ".");
  return As(state, KeyState::kLocked, "The key is not available: " + error.message + ".");
}

// No first key: what to do about the key store, and what to do without it.
tl::unexpected<Error> NotMade(KeyState& state, KeyKind kind, const Error& error) {
  std::string sentence = "No key could be made: " + error.message + ".";
  if (kind != KeyKind::kFile)
    sentence += " Or start harkd with --key-source file, which keeps it in a file of your own.";
  const bool corrupt = error.code == ErrorCode::kCorrupt;
  return As(state, corrupt ? KeyState::kCorrupt : KeyState::kLocked, sentence);
}

}  // namespace

Vault::Vault(VaultOptions options) : options_(std::move(options)) {}

Vault::~Vault() = default;

KeySource& Vault::Source(KeyKind kind) {
  if (!source_ || source_->kind() != kind) source_ = options_.make_source(kind);
  return *source_;
}

void Vault::At() const {
  if (options_.at) options_.at();
}

bool Vault::HasAccounts() const {
  std::error_code error;
  const fs::path accounts = options_.data_dir / "accounts";
  const bool there = fs::exists(accounts, error);
  if (error) return true;  // What cannot be looked at may be anything.
  return there && (!fs::is_empty(accounts, error) || error);
}

Result<Vault::Opened> Vault::Open() {
  KeyState state = KeyState::kReady;
  Result<Opened> opened = TryOpen(state);
  const KeyState before = status_.state;
  status_.state = opened ? KeyState::kReady : state;
  status_.sentence = opened || state == KeyState::kNone ? "" : opened.error().message;
  if (status_.state == before) return opened;
  if (opened || state == KeyState::kNone) {
    log::Info("keys", {log::Field::Safe("state", std::string(TextOf(status_.state)))});
  } else {
    log::Error("keys",
               {log::Field::Safe("state", std::string(TextOf(state))), {"why", opened.error()}});
  }
  return opened;
}

Result<Vault::Opened> Vault::TryOpen(KeyState& state) {
  Result<KeyRing> ring = ReadKeyRing(options_.data_dir);
  if (!ring && ring.error().code == ErrorCode::kNotFound) {
    status_.kind.clear();
    status_.generation = 0;
    status_.has_recovery_code = false;
    if (HasAccounts()) return Adopt(state);
    state = KeyState::kNone;
    return Fail(ErrorCode::kNotFound, "There are no keys yet.");
  }
  if (!ring) {
    return As(state, KeyState::kCorrupt,
              "The key ring cannot be used: " + ring.error().message +
                  "; put it back from a backup of the data folder.");
  }
  status_.kind = TextOf(ring->kind);
  status_.generation = ring->check.empty() ? 0 : ring->label.generation;
  status_.has_recovery_code = !ring->recovery.empty();
  if (ring->check.empty() && HasAccounts()) {
    return As(state, KeyState::kCorrupt,
              "There is encrypted data, and the key ring is of before there was any; put the right "
              "one back from a backup of the data folder.");
  }
  if (ring->check.empty()) {  // Create() was interrupted.
    state = KeyState::kNone;
    return Fail(ErrorCode::kNotFound, "There are no keys yet.");
  }
  if (options_.kind && ring->kind != *options_.kind && ring->kind != moved_to_) {
    const std::string recorded(TextOf(ring->kind));
    const std::string asked(TextOf(*options_.kind));
    return As(state, KeyState::kKeyStoreChanged,
              "The key of this data is kept in the key store '" + recorded +
                  "', and harkd was started for '" + asked + "'. Start it with --key-source " +
                  recorded + ", or without --key-source and without 'kind' under [keys]; " +
                  "'hark admin rotate-key --to " + asked + "' then moves the key.");
  }
  Opened opened;
  opened.ring = std::move(*ring);
  if (auto found = FindMaster(opened, state); !found)
    return tl::unexpected(std::move(found.error()));
  auto content = UnsealContent(opened.ring, opened.master);
  if (!content) {
    return As(state, KeyState::kCorrupt,
              "The key is the right one, but " + content.error().message +
                  "; put it back from a backup of the data folder.");
  }
  opened.content = std::move(*content);
  return opened;
}

Result<void> Vault::FindMaster(Opened& opened, KeyState& state) {
  const KeyLabel& wanted = opened.ring.label;
  if (!held_.empty() && CheckValue(held_, wanted) == opened.ring.check) {
    opened.master = held_.Clone();
    opened.is_labelled = held_is_labelled_;
    opened.has_leftovers = held_has_leftovers_;
    return {};
  }
  auto found = Source(opened.ring.kind).Load(wanted.store);
  if (!found) return Trouble(state, found.error());
  for (FoundKey& one : *found) {
    if (CheckValue(one.key, wanted) != opened.ring.check) continue;
    opened.master = std::move(one.key);
    opened.has_leftovers = found->size() > 1;
    opened.is_labelled = !one.label.store.empty();
    if (batch_) {
      held_ = opened.master.Clone();
      held_is_labelled_ = opened.is_labelled;
      held_has_leftovers_ = opened.has_leftovers;
    }
    return {};
  }
  const auto of_this_store = std::ranges::find_if(*found, [&wanted](const FoundKey& one) {
    return one.label.store == wanted.store && one.label.generation != wanted.generation;
  });
  if (of_this_store == found->end()) {
    return As(state, KeyState::kWrongKey,
              "The key in the key store is not the key of this data. Put the right one back.");
  }
  return As(state, KeyState::kKeyStoreChanged,
            "The key store has generation " + std::to_string(of_this_store->label.generation) +
                " of the key, and the data needs generation " + std::to_string(wanted.generation) +
                ": one of the two was put back from a backup. Put both back as they belong "
                "together.");
}

// An installation from before there were key rings: a key that does not say whose it is, proven by
// the session that is sealed under it.
Result<Vault::Opened> Vault::Adopt(KeyState& state) {
  constexpr char kNoRing[] =
      "There is encrypted data, and the key ring (the file 'keyring') is missing; put it back from "
      "a backup of the data folder.";
  const Result<Secret> sealed = ReadPrivateFile(options_.old_session, limits::kKeySecretBytes);
  if (!sealed) return As(state, KeyState::kCorrupt, kNoRing);
  auto found = Source(KeyKind::kFile).Load("");
  if (!found) return Trouble(state, found.error());
  for (FoundKey& one : *found) {
    if (!one.label.store.empty()) continue;
    auto session =
        Unseal(DeriveKey(one.key, kOldSessionPurpose), kOldSessionPurpose, sealed->bytes());
    if (!session) continue;
    Opened opened;
    opened.ring.kind = KeyKind::kFile;
    opened.ring.label = {NewUuidV7(options_.clock->WallNow()), 1};
    opened.content.names = one.key.Clone();
    opened.content.secrets.emplace(kSession, std::move(*session));
    opened.master = std::move(one.key);
    opened.adopted = true;
    opened.is_labelled = false;
    return opened;
  }
  return As(state, KeyState::kWrongKey,
            "The key in the key file is not the key of this data. Put the right one back.");
}

Result<void> Vault::Save(Opened& opened) {
  SealContent(opened.ring, opened.master, opened.content);
  if (auto written = WriteKeyRing(options_.data_dir, opened.ring, options_.at); !written)
    return written;
  status_.kind = TextOf(opened.ring.kind);
  status_.generation = opened.ring.label.generation;
  status_.has_recovery_code = !opened.ring.recovery.empty();
  if (!opened.adopted) return {};
  opened.adopted = false;
  return RemovePrivateFile(options_.old_session);
}

Result<void> Vault::Change(const std::function<Result<void>(RingContent&)>& change) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  if (auto changed = change(opened->content); !changed) return changed;
  return Save(*opened);
}

Result<void> Vault::Look() {
  auto opened = Open();
  if (opened) return {};
  return tl::unexpected(std::move(opened.error()));
}

Result<void> Vault::Create() {
  auto present = Open();
  if (present) return {};
  if (status_.state != KeyState::kNone) return tl::unexpected(std::move(present.error()));
  Opened first;
  // As far as an interrupted call came: its key is replaced and not left behind.
  if (auto begun = ReadKeyRing(options_.data_dir)) first.ring = std::move(*begun);
  const auto asked = AskedKind();
  const bool goes_on = !first.ring.label.store.empty() && (!asked || *asked == first.ring.kind);
  if (!goes_on) {
    first.ring.kind = asked ? *asked : options_.default_kind();
    first.ring.label = {NewUuidV7(options_.clock->WallNow()), 1};
  }
  KeySource& source = Source(first.ring.kind);
  KeyState state = KeyState::kNone;
  auto found = source.Load(first.ring.label.store);
  if (!found && found.error().code != ErrorCode::kNotFound)
    return NotMade(state, first.ring.kind, found.error());
  if (auto room = source.CheckRoom(); !room) return NotMade(state, first.ring.kind, room.error());
  // Recorded before the key is made: the kind is chosen once.
  if (auto begun = WriteKeyRing(options_.data_dir, first.ring, options_.at); !begun) return begun;
  At();
  auto master = source.Create(first.ring.label);
  if (!master) return NotMade(state, first.ring.kind, master.error());
  first.master = std::move(*master);
  first.content.names = Secret::Random(kMasterKeyBytes);
  if (auto saved = Save(first); !saved) return saved;
  status_.state = KeyState::kReady;
  log::Info("keys_made", {log::Field::Safe("kind", status_.kind)});
  return {};
}

}  // namespace hark::keys
