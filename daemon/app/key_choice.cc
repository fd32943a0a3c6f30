#include "daemon/app/key_choice.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "daemon/keys/absent_key_source.h"
#include "daemon/keys/credential_key_source.h"
#include "daemon/keys/file_key_source.h"
#ifdef __APPLE__
#include "daemon/keys/keychain_key_source.h"
#else
#include "daemon/keys/secret_service_key_source.h"
#endif

namespace hark::app {
namespace {

namespace fs = std::filesystem;

bool Exists(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

// Without one of the two GLib would start a bus of its own.
bool HasSessionBus(const Environment& environment) {
  if (!environment.Get("DBUS_SESSION_BUS_ADDRESS").empty()) return true;
  const std::string runtime = environment.Get("XDG_RUNTIME_DIR");
  return !runtime.empty() && Exists(fs::path(runtime) / "bus");
}

}  // namespace

keys::VaultOptions VaultOptionsFor(const Config& config, const Environment& environment,
                                   const Clock& clock, std::stop_token stop) {
  const fs::path credentials = environment.Get("CREDENTIALS_DIRECTORY");
  const bool has_bus = HasSessionBus(environment);
  keys::VaultOptions options;
  options.data_dir = config.data_dir;
  options.kind = config.key_kind;
  options.clock = &clock;
  options.old_session = config.key_file.parent_path() / "session.sealed";
  options.make_source = [=](keys::KeyKind kind) -> std::unique_ptr<keys::KeySource> {
    if (kind == keys::KeyKind::kCredential)
      return std::make_unique<keys::CredentialKeySource>(credentials);
    if (kind == keys::KeyKind::kFile) return std::make_unique<keys::FileKeySource>(config.key_file);
#ifdef __APPLE__
    if (kind == keys::KeyKind::kKeychain) return std::make_unique<keys::KeychainKeySource>();
#else
    if (kind == keys::KeyKind::kSecretService)
      return std::make_unique<keys::SecretServiceKeySource>(has_bus, stop);
#endif
    return std::make_unique<keys::AbsentKeySource>(kind);
  };
  options.default_kind = [=]() {
    if (Exists(config.key_file)) return keys::KeyKind::kFile;
    if (keys::CredentialKeySource(credentials).IsThere()) return keys::KeyKind::kCredential;
#ifdef __APPLE__
    return keys::KeyKind::kKeychain;
#else
    return keys::SecretServiceKeySource(has_bus, stop).IsThere() ? keys::KeyKind::kSecretService
                                                                 : keys::KeyKind::kFile;
#endif
  };
  return options;
}

}  // namespace hark::app
