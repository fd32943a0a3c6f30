// Vault: another master key, and the way back when it is lost.

#include "daemon/base/log.h"
#include "daemon/keys/recovery_code.h"
#include "daemon/keys/vault.h"

namespace hark::keys {
namespace {

// The key store that the key was moved away from, until its old key is removed there; and the one
// that it was to be moved to, until it is there.
constexpr char kMovedFrom[] = "moved-from";
constexpr char kMovingTo[] = "moving-to";
constexpr char kToken[] = "token";

}  // namespace

// The order makes it atomic: the new key is there before the key ring needs it, and the old one
// goes after nothing needs it any more. What counts is the rename of the key ring.
Result<bool> Vault::Rotate(std::optional<KeyKind> to) {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  const KeyKind from = opened->ring.kind;
  const KeyKind kind = to.value_or(from);
  const std::string store = opened->ring.label.store;
  Result<std::optional<Secret>> token = std::optional<Secret>();
  if (kind != from) {
    token = LoadToken();
    if (!token) return tl::unexpected(std::move(token.error()));
  }
  if (*token && Source(kind).keeps_tokens()) {
    // A token that a crash leaves there would outlive the sign-out.
    if (auto room = Source(kind).CheckRoom(); !room) return tl::unexpected(std::move(room.error()));
    opened->content.secrets.insert_or_assign(kMovingTo, Secret(std::string(TextOf(kind))));
    if (auto noted = Save(*opened); !noted) return tl::unexpected(std::move(noted.error()));
    opened->content.secrets.erase(kMovingTo);
  }
  const bool had_code = !opened->ring.recovery.empty();
  opened->ring.kind = kind;
  ++opened->ring.label.generation;
  // Whoever has the old key and a copy of the key ring could open it; and the code itself is not
  // here to seal the new key under.
  opened->ring.recovery.clear();
  At();
  auto master = Source(kind).Create(opened->ring.label);
  if (!master) return tl::unexpected(std::move(master.error()));
  if (master->Equals(opened->master.bytes())) {
    return Fail(ErrorCode::kPrecondition,
                "The key store gives the present key again. Put a new one beside it first.");
  }
  opened->master = std::move(*master);
  if (kind != from) {
    opened->content.secrets.insert_or_assign(kMovedFrom, Secret(std::string(TextOf(from))));
    opened->content.secrets.erase(kToken);
    if (*token && Source(kind).keeps_tokens()) {
      At();
      if (auto kept = Source(kind).StoreToken(store, **token); !kept)
        return tl::unexpected(std::move(kept.error()));
    } else if (*token) {
      opened->content.secrets.insert_or_assign(kToken, (*token)->Clone());
    }
  }
  // Before it is saved: whatever comes of that, what the key ring then says is not refused here.
  if (kind != from) moved_to_ = kind;
  if (auto saved = Save(*opened); !saved) return tl::unexpected(std::move(saved.error()));
  log::Info("key_rotated", {{"generation", opened->ring.label.generation}});
  At();
  opened->has_leftovers = true;
  opened->is_labelled = true;
  // That it fails is no reason to say that the rotation did: it is done again at the next opening.
  if (auto cleaned = CleanUp(*opened); !cleaned)
    log::Warning("old_key_not_removed", {{"why", cleaned.error()}});
  return had_code;
}

Result<void> Vault::CleanUp(Opened& opened) {
  if (opened.adopted) return {};
  if (auto mended = MendKeyRing(options_.data_dir, opened.ring); !mended) return mended;
  const KeyLabel& label = opened.ring.label;
  if (opened.has_leftovers) {
    const Secret none;
    // The first master key of an installation from before there were labels.
    const Secret& old = opened.is_labelled ? opened.content.names : none;
    if (auto erased = Source(opened.ring.kind).Erase(label.store, label.generation, old); !erased)
      return erased;
    opened.has_leftovers = false;
    held_has_leftovers_ = false;
  }
  for (const char* left : {kMovedFrom, kMovingTo}) {
    const auto where = opened.content.secrets.find(left);
    if (where == opened.content.secrets.end()) continue;
    const auto kind = KeyKindOf(where->second.bytes());
    if (kind && *kind != opened.ring.kind) {
      At();
      if (auto emptied = Empty(*kind, opened); !emptied) return emptied;
    }
    opened.content.secrets.erase(where);
    if (auto saved = Save(opened); !saved) return saved;
  }
  return {};
}

Result<void> Vault::Empty(KeyKind kind, const Opened& opened) const {
  const std::string& store = opened.ring.label.store;
  const std::unique_ptr<KeySource> source = options_.make_source(kind);
  if (source->keeps_tokens()) {
    if (auto forgotten = source->StoreToken(store, Secret()); !forgotten) return forgotten;
  }
  return source->Erase(store, std::nullopt, opened.content.names);
}

Result<Secret> Vault::MakeRecoveryCode() {
  auto opened = Open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Secret code = NewRecoveryCode();
  SealRecovery(opened->ring, opened->master, code);
  if (auto saved = Save(*opened); !saved) return tl::unexpected(std::move(saved.error()));
  log::Info("recovery_code_made");
  return code;
}

Result<void> Vault::Recover(const Secret& code) {
  if (Look()) {
    return Fail(ErrorCode::kPrecondition, "The key is there: there is nothing to recover.");
  }
  auto ring = ReadKeyRing(options_.data_dir);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  if (ring->recovery.empty()) {
    return Fail(ErrorCode::kPrecondition,
                "No recovery code was made for this key. Nothing was changed.");
  }
  const auto typed = ParseRecoveryCode(code.bytes());
  if (!typed) return tl::unexpected(typed.error());
  const auto master = UnsealRecovery(*ring, *typed);
  if (!master) {
    return Fail(ErrorCode::kInvalidArgument,
                "This is not the recovery code of this data. Nothing was changed.");
  }
  At();
  ring->kind = AskedKind().value_or(ring->kind);
  if (auto put = Source(ring->kind).Put(ring->label, *master); !put) return put;
  // Written also when the kind is the recorded one: both copies are whole again.
  if (auto written = WriteKeyRing(options_.data_dir, *ring, options_.at); !written) return written;
  log::Info("key_recovered", {log::Field::Safe("kind", std::string(TextOf(ring->kind)))});
  return Look();
}

}  // namespace hark::keys
