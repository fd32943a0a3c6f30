#include "daemon/keys/key_source.h"

#include <array>

#include "daemon/keys/key_status.h"

namespace hark::keys {
namespace {

struct Named {
  KeyKind kind;
  std::string_view name;
};

constexpr std::array kKinds{
    Named{KeyKind::kFile, "file"},
    Named{KeyKind::kSecretService, "secret-service"},
    Named{KeyKind::kCredential, "credential"},
    Named{KeyKind::kKeychain, "keychain"},
};

}  // namespace

std::string_view TextOf(KeyKind kind) {
  for (const Named& named : kKinds) {
    if (named.kind == kind) return named.name;
  }
  return "file";
}

std::optional<KeyKind> KeyKindOf(std::string_view text) {
  for (const Named& named : kKinds) {
    if (named.name == text) return named.kind;
  }
  return std::nullopt;
}

std::string_view TextOf(KeyState state) {
  switch (state) {
    case KeyState::kNone: return "none";
    case KeyState::kReady: return "ready";
    case KeyState::kLocked: return "locked";
    case KeyState::kMissing: return "missing";
    case KeyState::kWrongKey: return "wrong-key";
    case KeyState::kKeyStoreChanged: return "key-store-changed";
    case KeyState::kCorrupt: return "corrupt";
  }
  return "none";
}

Result<std::optional<Secret>> KeySource::LoadToken(const std::string& /*store*/) {
  return Fail(ErrorCode::kPrecondition, "this key store keeps no tokens");
}

Result<void> KeySource::StoreToken(const std::string& /*store*/, const Secret& /*token*/) {
  return Fail(ErrorCode::kPrecondition, "this key store keeps no tokens");
}

}  // namespace hark::keys
