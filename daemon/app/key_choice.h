// Which key stores there are on this machine, and which of them a new installation uses.

#ifndef HARK_DAEMON_APP_KEY_CHOICE_H_
#define HARK_DAEMON_APP_KEY_CHOICE_H_

#include <stop_token>

#include "daemon/app/config.h"
#include "daemon/app/paths.h"
#include "daemon/base/clock.h"
#include "daemon/keys/vault.h"

namespace hark::app {

// For a new installation that was not told a kind: the key file, if there is one already; the
// credential, if the service manager passed one; the desktop's key store (Secret Service, or the
// Keychain of macOS), if it answers; else the key file. The key ring records it, and it is not
// chosen again.
//
// `stop`: calls that wait for a key store give up then. `clock` outlives the vault.
[[nodiscard]] keys::VaultOptions VaultOptionsFor(const Config& config,
                                                 const Environment& environment, const Clock& clock,
                                                 std::stop_token stop);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_KEY_CHOICE_H_
