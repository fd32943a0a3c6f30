// The composition root: builds every part in order, runs until asked to stop, and takes them down
// in reverse.

#ifndef HARK_DAEMON_APP_DAEMON_H_
#define HARK_DAEMON_APP_DAEMON_H_

#include "daemon/app/config.h"
#include "daemon/app/exit_code.h"
#include "daemon/app/paths.h"

namespace hark::app {

// Runs the daemon on the calling thread, which becomes its I/O thread. What goes wrong at start is
// said on standard error in one sentence.
//
// `request`: what `config` was loaded from, to be read again at SIGHUP.
[[nodiscard]] ExitCode RunDaemon(const Config& config, const ConfigRequest& request,
                                 const Environment& environment);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_DAEMON_H_
